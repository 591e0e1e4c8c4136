import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkAfter, LARGE, runWriter } from './child.ts'
import { scratch } from './fixture.ts'

const RUNS = 50

describe('50 kills at every step, on one log that goes on', () => {
  for (const step of ['log-before-begin', 'log-before-commit', 'log-after-commit', 'log-before-answer']) {
    it(`lose nothing at ${step}`, async () => {
      await using dir = await scratch()
      for (let run = 0; run < RUNS; run++) {
        const result = await runWriter(dir.log, { appends: 300, failpoint: `${step}:${1 + (run % 20)}` })
        assert.equal(result.signal, 'SIGKILL')
        await checkAfter(dir.log, result)
      }
    })
  }

  for (const step of ['log-before-checkpoint', 'log-after-checkpoint']) {
    it(`lose nothing at ${step}`, async () => {
      for (let run = 0; run < RUNS / 5; run++) {
        await using dir = await scratch()
        const failpoint = `${step}:${1 + (run % 3)}`
        const result = await runWriter(dir.log, { appends: 300, size: LARGE, failpoint })
        assert.equal(result.signal, 'SIGKILL')
        await checkAfter(dir.log, result, LARGE)
      }
    })
  }

  it('lose nothing at any other moment', async () => {
    await using dir = await scratch()
    for (let run = 0; run < RUNS; run++) {
      const result = await runWriter(dir.log, { appends: 100_000, killAfter: 1 + ((run * 37) % 200) })
      assert.equal(result.signal, 'SIGKILL')
      await checkAfter(dir.log, result)
    }
  })
})
