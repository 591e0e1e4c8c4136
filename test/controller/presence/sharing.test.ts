import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Presence } from '../../../src/controller/presence/presence.ts'
import { Sharing } from '../../../src/controller/presence/sharing.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { HandClock } from '../../agent/clock.ts'
import { networkId, nodeId } from '../../model/history.ts'
import { BARE_REPORT } from './report.ts'

const NETWORK = networkId(1)
const APPLIED = { network: NETWORK, epoch: 1, revision: 4, digest: 'A'.repeat(22) }

/** Two agents at one replica, and what another replica knows of what they have applied. */
function meet(inTurns = atOnce) {
  const clock = new HandClock()
  const [here, there] = [new Presence(), new Presence()]
  const members = [nodeId(1), nodeId(2)]
  const waiting = new Set<NodeId>()
  let puts = 0
  let hear: (writer: string, key: string, text: string | undefined) => void = () => undefined
  const others = { clock, inTurns, hasAnswered: () => true, unanswered: () => [], replaced: () => undefined }
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
  for (const node of members) {
    sharing.arrived(node)
    here.arrived(node, 0, BARE_REPORT)
    here.update(node, NETWORK, { applied: APPLIED })
  }
  puts = 0
  const known = () => members.map((node) => there.standing(node, NETWORK).applied?.revision)
  const [prompt, slow] = [nodeId(1), nodeId(2)]
  return { clock, here, sharing, prompt, slow, waiting, known, puts: () => puts }
}

function atOnce(steps: Iterator<unknown, unknown>): void {
  while (!steps.next().done);
}

describe('What replicas share', () => {
  it('is what an agent has applied only while that is its answer to the latest that it was sent', () => {
    const { clock, here, sharing, prompt, slow, waiting, known, puts } = meet()
    assert.deepEqual(known(), [4, 4])
    waiting.add(prompt).add(slow)
    for (let push = 0; push < 3; push++) sharing.pushed(NETWORK)
    waiting.delete(prompt)
    clock.advance(1_000)
    assert.deepEqual(
      [known(), puts()],
      [[4, undefined], 1],
      'of who answers at once nothing is said in between',
    )
    for (let push = 0; push < 3; push++) {
      sharing.pushed(NETWORK)
      clock.advance(1_000)
    }
    assert.equal(puts(), 1, 'that an answer is owed is said once')
    waiting.clear()
    here.update(slow, NETWORK, { applied: { ...APPLIED, revision: 5 } })
    assert.deepEqual([known(), puts()], [[4, 5], 2])
  })

  it('is that again when nothing was to be told, and so nothing will be answered', () => {
    const { clock, here, sharing, prompt, slow, waiting, known, puts } = meet()
    // A new policy: before it is pushed nobody knows what is due, and somebody is spoken of.
    sharing.pushed(NETWORK)
    waiting.add(prompt).add(slow)
    clock.advance(1_000)
    here.report(slow, BARE_REPORT)
    assert.deepEqual(known(), [undefined, undefined])
    waiting.clear()
    sharing.pushed(NETWORK)
    clock.advance(1_000)
    assert.deepEqual([known(), puts()], [[4, 4], 5])
    sharing.pushed(NETWORK)
    clock.advance(1_000)
    assert.equal(puts(), 5, 'and that is said once, too')
  })

  it('is that again when an agent that did not read at the push turns out to be owed nothing', () => {
    const { clock, here, sharing, prompt, slow, waiting, known, puts } = meet()
    waiting.add(slow)
    sharing.pushed(NETWORK)
    clock.advance(1_000)
    here.report(slow, BARE_REPORT)
    assert.deepEqual(known(), [4, undefined])
    const before = puts()
    sharing.drained(slow)
    assert.equal(puts(), before, 'it owes an answer still')
    waiting.clear()
    for (const node of [prompt, slow]) sharing.drained(node)
    assert.deepEqual([known(), puts()], [[4, 4], before + 1])
  })

  it('is said of one agent after the other, so that others have their turn, and as it is by then', () => {
    const turns: Iterator<unknown, unknown>[] = []
    const { clock, here, sharing, prompt, slow, waiting, known, puts } = meet((steps) => turns.push(steps))
    waiting.add(slow).add(prompt)
    sharing.pushed(NETWORK)
    clock.advance(1_000)
    assert.equal(puts(), 0)
    turns[0]?.next()
    assert.deepEqual([known(), puts()], [[4, undefined], 1])
    waiting.clear()
    for (const node of [prompt, slow]) here.update(node, NETWORK, { applied: { ...APPLIED, revision: 5 } })
    for (const steps of turns) atOnce(steps)
    assert.deepEqual([known(), puts()], [[5, 5], 3], 'who has answered meanwhile owes nothing')
  })

  it('is what a relay has seen only while that counts, and while the relay is here', () => {
    const notes = new Map<string, string>()
    const presence = new Presence({
      put: (kind, key, text) => void notes.set(`${kind} ${key}`, text),
      delete: (kind, key) => void notes.delete(`${kind} ${key}`),
      all: () => [],
    })
    const board = new Map<string, string | undefined>()
    let hear: (writer: string, key: string, text: string | undefined) => void = () => undefined
    const [relay, other, member] = [nodeId(1), nodeId(2), nodeId(3)]
    const here = new Set([relay, other])
    new Sharing({
      board: {
        put: (key, text) => void (text === undefined ? board.delete(key) : board.set(key, text)),
        onOther: (listener) => {
          hear = listener
        },
      },
      presence,
      clock: new HandClock(),
      isHere: (node) => here.has(node),
      hasAnswered: () => true,
      unanswered: () => [],
      inTurns: atOnce,
      replaced: () => undefined,
      onFacts: () => undefined,
    })
    const place = { network: NETWORK, node: member }
    const sees = (endpoint: string) => {
      for (const one of [relay, other]) presence.testimony.take(one, place, endpoint)
    }
    const key = (one: NodeId) => `w:${NETWORK} ${member} ${one}`
    for (const one of [relay, other]) presence.arrived(one, 0, BARE_REPORT)
    sees('203.0.113.9:1')
    assert.deepEqual([...board.keys()], [key(relay), key(other)])
    here.delete(relay)
    hear('there', key(relay), '203.0.113.9:2')
    assert.deepEqual([...board], [[key(other), '203.0.113.9:1']], 'it says something else where it is now')
    here.add(relay)
    presence.left(other, 0)
    presence.testimony.take(relay, place, '203.0.113.9:3')
    assert.deepEqual([...board.keys()], [key(relay)], 'the other would have seen that, too')
    const witnessed = [...notes.keys()].filter((name) => name.startsWith('witnessed'))
    assert.equal(witnessed.length, 1, 'and is not believed again after the next start')
    presence.testimony.drop(relay)
    assert.deepEqual([...board], [], 'it is no relay any more')
    sees('203.0.113.9:3')
    presence.forgetMember(member, NETWORK)
    assert.deepEqual([...board], [], 'of whom it spoke is no member any more')
  })

  it('says nothing more of an agent that came anew while its answer was owed', () => {
    const { clock, here, sharing, slow, waiting, known, puts } = meet()
    waiting.add(slow)
    sharing.pushed(NETWORK)
    clock.advance(1_000)
    here.arrived(slow, 0, BARE_REPORT)
    waiting.clear()
    sharing.pushed(NETWORK)
    clock.advance(1_000)
    assert.deepEqual([known(), puts()], [[4, undefined], 2], 'it has said nothing since')
  })
})
