import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { WeftError } from '../../src/errors.ts'
import { backupLog } from '../../src/log/backup.ts'
import { openImport } from '../../src/log/export.ts'
import { installLog } from '../../src/log/install.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { fill, mountSmall, whyNoMount as skip } from '../chaos/full.ts'
import { countLost, gapsIn } from '../chaos/history.ts'
import { report, runs } from '../chaos/runs.ts'
import { appendAll, change, collect, scratch } from './fixture.ts'
import { writeExportOf } from './whole.ts'

/** A third of them with no space, the last of which may be full. */
const ROUNDS = runs(30, 300)
/** Entries of an import, and KiB of disks: 0.4 MiB of a database and as much before it is in one; there is no room for both on most. */
const ENTRIES = 2_000
const SIZES = [600, 680, 740, 2_048]

describe('a log on a disk that is full', { skip }, () => {
  it('refuses writes, goes on reading, and writes again when there is space, without a restart', async () => {
    await using dir = await scratch()
    using _ = mountSmall(join(dir.path, 'small'))
    const path = join(dir.path, 'small', 'log.db')
    const filler = join(dir.path, 'small', 'filler')
    await using log = await openSqliteLog(path)
    const before = await appendAll(log, 1, 20)
    fill(filler)
    const refusal = () => log.refusal?.message
    assert.equal(refusal(), undefined, 'nothing was refused yet')

    for (let tries = 0; tries < 3; tries++) {
      const start = log.head().sequence
      const answers = [100, 101, 102].map((number, index) => log.append(start + index, change(number, 200)))
      for (const answer of await Promise.allSettled(answers)) {
        assert.equal(answer.status, 'rejected')
        assert.equal(answer.reason.code, 'store-unavailable')
        assert.match(answer.reason.message, /No space is left/)
      }
    }
    assert.match(refusal() ?? '', /No space is left/)
    const entries = before.map(({ entry }) => entry)
    assert.deepEqual((await collect(log.read(1))).slice(0, 20), entries)
    assert.deepEqual(await log.find('op-7'), entries[6])

    rmSync(filler)
    assert.equal(refusal(), undefined, 'also before the next one')
    const start = log.head().sequence
    assert.equal((await log.append(start, change(100, 200))).repeated, false)
    assert.equal((await verifyLog(path)).entries, start + 1)
  })

  it('keeps all that it acknowledged when it fills up while many write, over and over', async () => {
    await using dir = await scratch()
    using _ = mountSmall(join(dir.path, 'small'))
    const path = join(dir.path, 'small', 'log.db')
    const filler = join(dir.path, 'small', 'filler')
    await using log = await openSqliteLog(path)
    const acknowledged: string[] = []
    let refused = 0
    for (let round = 0; round < ROUNDS; round++) {
      if (round % 3 === 1) fill(filler)
      if (round % 3 === 2) rmSync(filler)
      const start = log.head().sequence
      const writes = Array.from({ length: 10 }, (_, index) =>
        log.append(start + index, change(round * 10 + index, 5)),
      )
      for (const write of await Promise.allSettled(writes)) {
        if (write.status === 'fulfilled') acknowledged.push(write.value.entry.operation)
        else refused++
      }
    }
    assert.ok(
      refused > 0 && acknowledged.length > 100,
      `${refused} refused, ${acknowledged.length} acknowledged`,
    )
    const there = await collect(log.read(1))
    const operations = there.map(({ operation }) => operation)
    assert.deepEqual(operations, acknowledged)
    assert.deepEqual(gapsIn([0, ...there.map(({ sequence }) => sequence)]), [])
    assert.equal((await verifyLog(path)).entries, acknowledged.length)
    const lost = countLost(acknowledged, operations)
    const figures = { rounds: ROUNDS, acknowledged: acknowledged.length, lost, refused }
    report('disk that fills up under a log, and is freed', figures)
  })

  it('says so at its start, when there is no room for the files that SQLite needs', async () => {
    await using dir = await scratch()
    using _ = mountSmall(join(dir.path, 'small'))
    const path = join(dir.path, 'small', 'log.db')
    await (await openSqliteLog(path))[Symbol.asyncDispose]()
    fill(join(dir.path, 'small', 'filler'))
    await assert.rejects(openSqliteLog(path), { code: 'store-unavailable', message: /No space is left/ })
  })

  it('takes in an import as a whole, or says that there is no room, however much is missing', async () => {
    await using dir = await scratch()
    const file = join(dir.path, 'log.jsonl')
    await writeExportOf(dir.log, ENTRIES, file)
    const outcomes = []
    for (const kibibytes of SIZES) {
      const folder = join(dir.path, `small-${kibibytes}`)
      using _ = mountSmall(folder, kibibytes)
      const path = join(folder, 'log.db')
      using source = await openImport(file)
      const outcome = await installLog(source, path, { now: 0 }).catch((error: WeftError) => error)
      if (outcome instanceof WeftError) {
        assert.deepEqual(
          [outcome.code, outcome.message],
          ['store-unavailable', `No space is left for the log ${path}.new.`],
        )
        assert.deepEqual(readdirSync(folder), ['log.db.lock'], `${kibibytes} KiB`)
      } else assert.deepEqual((await verifyLog(path)).head, outcome, `${kibibytes} KiB`)
      outcomes.push(outcome instanceof WeftError ? 'refused' : 'done')
    }
    assert.deepEqual([outcomes.at(0), outcomes.at(-1)], ['refused', 'done'])
  })

  it('has nothing left on it of a copy for which there is no room', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    // More than SQLite keeps to itself until it is written.
    await appendAll(log, 1, 600, 200)
    const folder = join(dir.path, 'small')
    using _ = mountSmall(folder)
    const copying = backupLog(dir.log, join(folder, 'copy.db'))
    await assert.rejects(copying, { code: 'store-unavailable', message: /No space is left/ })
    assert.deepEqual(readdirSync(folder), [])
  })
})
