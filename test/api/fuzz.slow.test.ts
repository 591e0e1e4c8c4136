import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fuzz } from './fuzz/run.ts'

const CALLS = 50_000
/**
 * The stream has no end; the others want names that fit together as chance hardly finds them, or an issuer, or a session:
 * they have tests of their own.
 */
const RARE: ReadonlySet<string> = new Set([
  'streamEvents',
  'showError',
  'deleteProject',
  'showLink',
  'explainPaths',
  'unshareNetwork',
  'showOperation',
  'redeliverWebhook',
  'login',
  'beginSignIn',
  'finishSignIn',
  'beginDeviceSignIn',
  'finishDeviceSignIn',
  'signOut',
])

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
    const never = operations.filter((operation) => !done.has(operation) && !RARE.has(operation))
    assert.deepEqual(never, [], 'every other operation was done at least once')
  })
})
