import assert from 'node:assert/strict'
import { stat, truncate } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { verifyLog } from '../../src/log/verify.ts'
import { checkAfter, LARGE, runWriter } from './child.ts'
import { scratch } from './fixture.ts'

describe('a writer killed at a named step', () => {
  // Groups grow: writer.ts.
  for (const [nth, inGroup] of [
    [1, 1],
    [3, 4],
    [7, 8],
  ] as const) {
    it(`has done nothing of group ${nth} before its commit`, async () => {
      for (const step of ['log-before-begin', 'log-before-commit']) {
        await using dir = await scratch()
        const run = await runWriter(dir.log, { appends: 60, failpoint: `${step}:${nth}` })
        assert.equal(run.signal, 'SIGKILL')
        assert.equal(await checkAfter(dir.log, run), run.acknowledged.length)
      }
    })

    it(`has done all of group ${nth} after its commit, though nobody heard of it`, async () => {
      for (const step of ['log-after-commit', 'log-before-answer']) {
        await using dir = await scratch()
        const run = await runWriter(dir.log, { appends: 60, failpoint: `${step}:${nth}` })
        assert.equal(run.signal, 'SIGKILL')
        assert.equal(await checkAfter(dir.log, run), run.acknowledged.length + inGroup)
      }
    })
  }

  it('loses nothing around a checkpoint', async () => {
    for (const step of ['log-before-checkpoint', 'log-after-checkpoint']) {
      await using dir = await scratch()
      const run = await runWriter(dir.log, { appends: 100, size: LARGE, failpoint: `${step}:1` })
      assert.equal(run.signal, 'SIGKILL')
      assert.ok((await checkAfter(dir.log, run, LARGE)) > 20)
    }
  })
})

describe('a writer killed at any moment', () => {
  it('loses nothing that it acknowledged, over one kill after the other', async () => {
    await using dir = await scratch()
    for (const killAfter of [5, 1, 33, 80]) {
      const run = await runWriter(dir.log, { appends: 100_000, killAfter })
      assert.equal(run.signal, 'SIGKILL')
      await checkAfter(dir.log, run)
    }
  })
})

describe('a file that may not grow', () => {
  it('ends no log, as a full disk does not; what was acknowledged before stands, and a new start goes on', async () => {
    await using dir = await scratch()
    const run = await runWriter(dir.log, { appends: 1_000, size: 500, fileLimit: 400 })
    assert.equal(run.failed, undefined)
    assert.ok(run.acknowledged.length > 0)
    await checkAfter(dir.log, run, 500)
  })
})

describe('a write-ahead log that was cut short after a crash', () => {
  it('has lost its end only, and shows it to who knows the head', async () => {
    await using dir = await scratch()
    const { acknowledged } = await runWriter(dir.log, { appends: 60, failpoint: 'log-before-begin:9' })
    const known = acknowledged.at(-1)
    const file = `${dir.log}-wal`
    await truncate(file, Math.floor(((await stat(file)).size * 2) / 3))
    await assert.rejects(verifyLog(dir.log, { head: known }), {
      code: 'log-damaged',
      message: /is missing: the end is cut off/,
    })
    const { entries } = await verifyLog(dir.log)
    assert.ok(entries > 0 && entries < acknowledged.length)
    await checkAfter(dir.log, { acknowledged: acknowledged.slice(0, entries) })
  })
})
