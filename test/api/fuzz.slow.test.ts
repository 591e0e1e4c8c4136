import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fuzz } from './fuzz/run.ts'

const CALLS = 50_000

describe('every operation of the document', () => {
  it(`stands ${CALLS} calls: no 5xx, no unlisted code, no hang, nothing leaked or changed by what is refused`, async (context) => {
    const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
    context.diagnostic(`FUZZ_SEED=${seed} repeats this run`)
    const start = performance.now()
    const { byStatus, codes, done, operations } = await fuzz(CALLS, seed)
    const took = Math.round(performance.now() - start)
    const statuses = [...byStatus].toSorted().map(([status, count]) => `${status}: ${count}`)
    context.diagnostic(
      `${CALLS} calls in ${took} ms; ${statuses.join(', ')}; codes: ${[...codes].toSorted().join(' ')}`,
    )
    assert.equal(done.size, operations - 1, 'every operation but the endless stream was done at least once')
  })
})
