import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { report, runs, Tally } from '../chaos/runs.ts'
import { checkAfter, LARGE, type Run, runWriter } from './child.ts'
import { scratch } from './fixture.ts'

const RUNS = runs(5, 50)
/** Each writes some megabytes. */
const CHECKPOINT_RUNS = runs(1, 50)

const total = new Tally()

function check(path: string, run: Run, size?: number): Promise<void> {
  return total.count(run.acknowledged.length, () => checkAfter(path, run, size))
}

describe('kills at every step of the log, on one that goes on', () => {
  after(() => report('log killed at every step', { ...total }))

  for (const step of ['log-before-begin', 'log-before-commit', 'log-after-commit', 'log-before-answer']) {
    it(`lose nothing at ${step}`, async () => {
      await using dir = await scratch()
      for (let run = 0; run < RUNS; run++) {
        const result = await runWriter(dir.log, { appends: 300, failpoint: `${step}:${1 + (run % 20)}` })
        assert.equal(result.signal, 'SIGKILL')
        await check(dir.log, result)
      }
    })
  }

  for (const step of ['log-before-checkpoint', 'log-after-checkpoint']) {
    it(`lose nothing at ${step}`, async () => {
      for (let run = 0; run < CHECKPOINT_RUNS; run++) {
        await using dir = await scratch()
        const failpoint = `${step}:${1 + (run % 3)}`
        const result = await runWriter(dir.log, { appends: 300, size: LARGE, failpoint })
        assert.equal(result.signal, 'SIGKILL')
        await check(dir.log, result, LARGE)
      }
    })
  }

  it('lose nothing at any other moment', async () => {
    await using dir = await scratch()
    for (let run = 0; run < RUNS; run++) {
      const result = await runWriter(dir.log, { appends: 100_000, killAfter: 1 + ((run * 37) % 200) })
      assert.equal(result.signal, 'SIGKILL')
      await check(dir.log, result)
    }
  })
})
