import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Backoff } from '../../src/agent/backoff.ts'
import { systemRandom } from '../../src/keys/random.ts'

it('Agents that are told to come back within the same time choose different moments, all over it', () => {
  const span = 15_000
  const moments = Array.from({ length: 1_000 }, () => new Backoff(systemRandom).within(span))
  assert.ok(moments.every((moment) => moment >= 0 && moment < span))
  assert.ok(new Set(moments).size > 990)
  const perTenth = Map.groupBy(moments, (moment) => Math.floor((10 * moment) / span))
  for (let tenth = 0; tenth < 10; tenth++) {
    const { length = 0 } = perTenth.get(tenth) ?? []
    // 100 on average, with a deviation of less than 10.
    assert.ok(length > 40 && length < 160, `${length} in tenth ${tenth}`)
  }
})

it('Tries that fail wait for longer and longer times, up to half a minute', () => {
  const latest = new Backoff((bytes) => new Uint8Array(bytes).fill(255))
  const waits = Array.from({ length: 10 }, () => Math.round(latest.next()))
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000])
  latest.succeeded()
  assert.equal(Math.round(latest.next()), 500)
})
