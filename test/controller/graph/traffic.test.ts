import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Traffic } from '../../../src/controller/graph/traffic.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import type { NetworkId } from '../../../src/model/names.ts'

const NETWORK = 'net-a' as NetworkId
const [A, B, C] = ['a', 'b', 'c'] as NodeId[] as [NodeId, NodeId, NodeId]
const START = 1_800_000_000_000 - (1_800_000_000_000 % 3_600_000)
const MINUTE = 60_000

const report = (node: NodeId, rxBytes: number, txBytes: number, handshakeAge = 5) => ({
  node,
  rxBytes,
  txBytes,
  handshakeAge,
})

describe('traffic over time', () => {
  it('is told at falling resolution, as seen from the end that is named first', () => {
    const traffic = new Traffic()
    for (let step = 0; step <= 40; step++)
      traffic.take(NETWORK, A, report(B, step * 100, step * 10), START + step * 15_000)
    const now = START + 40 * 15_000
    const [fine, coarse, hourly] = traffic.of(NETWORK, A, B, now)
    assert.deepEqual(
      [fine, coarse, hourly].map((level) => [level?.stepSeconds, level?.points.length]),
      [
        [15, 41],
        [300, 3],
        [3_600, 1],
      ],
    )
    assert.deepEqual(fine?.points.at(-1), { at: now, rxBytes: 100, txBytes: 10, handshakeAgeSeconds: 5 })
    for (const level of [fine, coarse, hourly])
      assert.equal(
        level?.points.reduce((sum, { rxBytes }) => sum + rxBytes, 0),
        4_000,
      )
    assert.deepEqual(traffic.of(NETWORK, B, A, now)[0]?.points.at(-1)?.rxBytes, 10)
    assert.deepEqual(traffic.of(NETWORK, A, C, now), [])
  })

  it('forgets what is older than each resolution reaches', () => {
    const traffic = new Traffic()
    traffic.take(NETWORK, A, report(B, 0, 0), START)
    traffic.take(NETWORK, A, report(B, 50, 0), START + 15_000)
    const lengths = (later: number) =>
      traffic.of(NETWORK, A, B, START + later).map(({ points }) => points.length)
    assert.deepEqual(lengths(15_000), [2, 1, 1])
    assert.deepEqual(lengths(20 * MINUTE), [0, 1, 1])
    assert.deepEqual(lengths(7 * 60 * MINUTE), [0, 0, 1])
    assert.deepEqual(lengths(8 * 24 * 60 * MINUTE), [0, 0, 0])
  })

  it('follows one end, the other when that falls silent, and counters that begin anew', () => {
    const traffic = new Traffic()
    const total = () =>
      traffic.of(NETWORK, A, B, START + 10 * MINUTE)[2]?.points.reduce((sum, { rxBytes }) => sum + rxBytes, 0)
    traffic.take(NETWORK, A, report(B, 1_000, 0), START)
    traffic.take(NETWORK, A, report(B, 1_500, 0), START + 15_000)
    traffic.take(NETWORK, B, report(A, 0, 1_490), START + 16_000)
    assert.equal(total(), 500)
    traffic.take(NETWORK, A, report(B, 200, 0), START + 30_000)
    assert.equal(total(), 700, 'the interface was made anew')
    traffic.take(NETWORK, B, report(A, 0, 5_000), START + 3 * MINUTE)
    traffic.take(NETWORK, B, report(A, 0, 5_100), START + 4 * MINUTE)
    assert.equal(total(), 800, 'what was sent by B is what A received')
  })

  it('keeps no more links than it may: quiet ones go, busy ones stay', () => {
    const traffic = new Traffic(2)
    const at = (minutes: number) => START + minutes * MINUTE
    traffic.take(NETWORK, A, report(B, 1, 1), at(0))
    traffic.take(NETWORK, A, report(C, 1, 1), at(0))
    traffic.take(NETWORK, B, report(C, 1, 1), at(1))
    assert.deepEqual([traffic.size, traffic.of(NETWORK, B, C, at(1))], [2, []])
    traffic.take(NETWORK, A, report(C, 90, 1), at(20))
    traffic.take(NETWORK, B, report(C, 1, 1), at(20))
    assert.equal(traffic.size, 2)
    assert.deepEqual(traffic.of(NETWORK, A, B, at(20)), [])
    assert.equal(traffic.of(NETWORK, A, C, at(20)).length, 3)
    assert.equal(traffic.of(NETWORK, B, C, at(20)).length, 3)
  })
})
