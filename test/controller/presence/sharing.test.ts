import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Presence } from '../../../src/controller/presence/presence.ts'
import { Sharing } from '../../../src/controller/presence/sharing.ts'
import { HandClock } from '../../agent/clock.ts'
import { networkId, nodeId } from '../../model/history.ts'

const NETWORK = networkId(1)
const APPLIED = { network: NETWORK, epoch: 1, revision: 4, digest: 'A'.repeat(22) }
const REPORT = {
  addresses: [],
  mtu: 1_500,
  ports: new Map(),
  relays: [],
  device: 'memory' as const,
  version: '',
  seenFrom: undefined,
}

describe('What replicas share', () => {
  it('is what an agent has applied only while that is its answer to the latest that it was sent', () => {
    const clock = new HandClock()
    const [here, there] = [new Presence(), new Presence()]
    const [prompt, slow] = [nodeId(1), nodeId(2)]
    const waiting = new Set([slow])
    let puts = 0
    let hear: (writer: string, key: string, text: string | undefined) => void = () => undefined
    const others = { clock, hasAnswered: () => true, unanswered: () => [], replaced: () => undefined }
    const sharing = new Sharing({
      ...others,
      board: {
        put(key, text) {
          puts += 1
          hear('here', key, text)
        },
        onOther: () => undefined,
      },
      presence: here,
      isHere: () => true,
      hasAnswered: (node) => !waiting.has(node),
      unanswered: () => [...waiting],
      onFacts: () => undefined,
    })
    new Sharing({
      ...others,
      board: {
        put: () => undefined,
        onOther(listener) {
          hear = listener
        },
      },
      presence: there,
      isHere: () => false,
      onFacts: () => undefined,
    })
    const known = () => [prompt, slow].map((node) => there.standing(node, NETWORK).applied?.revision)
    waiting.clear()
    for (const node of [prompt, slow]) {
      sharing.arrived(node)
      here.arrived(node, 0, REPORT)
      here.update(node, NETWORK, { applied: APPLIED })
    }
    assert.deepEqual(known(), [4, 4])

    puts = 0
    waiting.add(prompt).add(slow)
    for (let push = 0; push < 3; push++) sharing.pushed(NETWORK)
    waiting.delete(prompt)
    clock.advance(1_000)
    assert.deepEqual(
      [known(), puts],
      [[4, undefined], 1],
      'of who answers at once nothing is said in between',
    )
    waiting.clear()
    here.update(slow, NETWORK, { applied: { ...APPLIED, revision: 5 } })
    assert.deepEqual(known(), [4, 5])
  })
})
