import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pino } from 'pino'
import { Bounds } from '../../../src/controller/push/bounds.ts'
import { KeyOffers } from '../../../src/controller/push/key-offers.ts'
import { Remarks } from '../../../src/controller/push/remarks.ts'
import { WeftError } from '../../../src/errors.ts'
import { toPublicKey } from '../../../src/keys/wireguard.ts'
import { HandClock } from '../../agent/clock.ts'
import { network, nodeId } from '../../protocol/samples.ts'
import { eventually } from '../../rig.ts'

const offered = { type: 'key', network, keyVersion: 1, publicKey: toPublicKey(new Uint8Array(32)) } as const

it('a key that could not be certified is asked for again, though asking failed before, and the log tells of that', async () => {
  const clock = new HandClock()
  const lines: string[] = []
  const offers = new KeyOffers({
    clock,
    log: pino({}, { write: (line: string) => void lines.push(line) }),
    certify: async () => {
      throw new WeftError('store-unavailable', 'The store is away.')
    },
    onRefused: () => assert.fail('it is not refused'),
  })
  let asked = 0
  const session = {
    node: nodeId(1),
    hearing: { remarks: new Remarks(nodeId(1), new Bounds(clock).remarks) },
    wantKey() {
      asked += 1
      if (asked === 1) throw new Error('the agent cannot be asked')
    },
  }
  for (const time of [1, 2]) {
    offers.take(session, offered)
    const isNoted = () => lines.filter((line) => line.includes('asked for again')).length === time
    await eventually('that it did not work is noted', isNoted)
    clock.advance(3_000)
    assert.equal(asked, time)
  }
  const failures = lines.filter((line) => line.includes('asking for a key again failed'))
  assert.equal(failures.length, 1)
  assert.match(failures[0] ?? '', /the agent cannot be asked/)
})
