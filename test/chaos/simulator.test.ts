import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { report, runs } from './runs.ts'
import { simulate } from './simulator/simulate.ts'

/** WEFT_SEED=7 plays one again. */
const ONE = process.env.WEFT_SEED
/** Those that found something once. */
const TELLING = [1_164, 1_739, 2_295, 4_949, 19_501, 23_638]
const SEEDS =
  ONE === undefined
    ? [...TELLING, ...Array.from({ length: runs(60, 2_000) }, (_, at) => at + 1)]
    : [Number(ONE)]

describe('Replicas, callers and agents in a simulated network', () => {
  it('lose nothing, do nothing twice, and come to the same, whatever befalls messages and replicas', async () => {
    const sums = { acknowledged: 0, lost: 0, unknown: 0 }
    for (const seed of SEEDS) {
      const { wrong, acknowledged, lost, unknown } = await simulate(seed)
      assert.deepEqual(wrong, [], `WEFT_SEED=${seed} plays it again`)
      sums.acknowledged += acknowledged
      sums.lost += lost
      sums.unknown += unknown
    }
    report('simulated networks, each by its seed', { runs: SEEDS.length, ...sums })
    assert.ok(sums.acknowledged > SEEDS.length * 10)
  })

  it('do the same again by the same seed', async () => {
    const [first, again, other] = [await simulate(3), await simulate(3), await simulate(4)]
    assert.equal(first.trace, again.trace)
    assert.notEqual(first.trace, other.trace)
  })

  for (const flaw of ['forgets-operations', 'does-not-compare'] as const) {
    it(`show it when the store ${flaw.replaceAll('-', ' ')}`, async () => {
      const isFound = (seed: number) =>
        simulate(seed, flaw).then(
          ({ wrong }) => wrong.length > 0,
          () => true,
        )
      const found = await Promise.all(SEEDS.slice(0, 10).map(isFound))
      assert.ok(found.some(Boolean), 'this test is blind')
    })
  }
})
