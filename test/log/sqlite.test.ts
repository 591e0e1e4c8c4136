import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, mock } from 'node:test'
import { openSource } from '../../src/log/source.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { describeContract, snapshotAt } from './contract.ts'
import { appendAll, change, collect, scratch } from './fixture.ts'

describeContract('SQLite', async () => {
  const dir = await scratch()
  return { open: () => openSqliteLog(dir.log), [Symbol.asyncDispose]: dir[Symbol.asyncDispose] }
})

describe('what is given out', () => {
  it('is on the disk', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const entries = log.follow(1, AbortSignal.timeout(5_000))[Symbol.asyncIterator]()
    const next = entries.next()
    void log.append(0, change(1))
    const { value } = await next
    assert.equal(value?.sequence, 1)
    assert.equal(log.head().sequence, 1)
    const reader = new DatabaseSync(dir.log, { readOnly: true })
    assert.equal(reader.prepare('SELECT count(*) AS n FROM entries').get()?.n, 1)
    reader.close()
  })
})

describe('what a run that was killed has left in the write-ahead log', () => {
  it('is moved away before a write, or before a later one when somebody reads at the first', async () => {
    await using dir = await scratch()
    await using killed = await openSqliteLog(dir.log)
    for (let number = 1; number <= 30; number++) await killed.append(number - 1, change(number))
    const path = join(dir.path, 'left.db')
    for (const ending of ['', '-wal']) await copyFile(dir.log + ending, path + ending)
    const size = async () => (await stat(`${path}-wal`)).size
    const left = await size()
    await using log = await openSqliteLog(path)
    const times: number[] = []
    {
      using source = openSource(path)
      for await (const _ of source.read(1)) break
      for (let number = 31; number <= 33; number++) {
        const start = performance.now()
        await log.append(number - 1, change(number))
        times.push(performance.now() - start)
      }
      assert.ok((await size()) > left, 'the reader needs it')
      assert.ok(Math.min(...times) < 900, `nothing waits a second for who reads: ${times} ms`)
    }
    await log.append(33, change(34))
    assert.ok((await size()) < left / 4, 'nothing stands behind it any more')
    assert.equal((await verifyLog(path)).entries, 34)
  })
})

describe('opening', () => {
  it('makes files that only their owner can read', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    await log.append(0, change(1))
    for (const suffix of ['', '-wal', '-shm', '.lock']) {
      assert.equal((await stat(dir.log + suffix)).mode & 0o777, 0o600, suffix)
    }
  })

  it('refuses a file that is not a log, and leaves it as it is', async () => {
    await using dir = await scratch()
    const text = 'a letter to a friend, and much longer than a header of SQLite: '.repeat(100)
    await writeFile(dir.log, text)
    await assert.rejects(openSqliteLog(dir.log), { code: 'log-damaged', message: /not a database/ })
    assert.equal(await readFile(dir.log, 'utf8'), text)

    const other = join(dir.path, 'other.db')
    const database = new DatabaseSync(other)
    database.exec('CREATE TABLE letters (text TEXT)')
    database.close()
    const before = await readFile(other)
    await assert.rejects(openSqliteLog(other), {
      code: 'invalid-config',
      field: 'dataDir',
      message: /not a log/,
    })
    assert.deepEqual(await readFile(other), before)
  })

  it('brings a log of the first format up to date, with all that is in it', async () => {
    await using dir = await scratch()
    const log = await openSqliteLog(dir.log)
    const entries = (await appendAll(log, 1, 10)).map(({ entry }) => entry)
    await log[Symbol.asyncDispose]()
    const database = new DatabaseSync(dir.log)
    database.exec('DROP TABLE snapshots; DROP TABLE snapshot_parts; DROP TABLE base; PRAGMA user_version = 1')
    database.close()
    await using again = await openSqliteLog(dir.log)
    assert.deepEqual(await collect(again.read(1)), entries)
    await again.keepSnapshot(await snapshotAt(again, 10))
    assert.equal((await again.snapshots()).length, 1)
  })

  it('refuses a log of a later format', async () => {
    await using dir = await scratch()
    await (await openSqliteLog(dir.log))[Symbol.asyncDispose]()
    const database = new DatabaseSync(dir.log)
    database.exec('PRAGMA user_version = 99')
    database.close()
    await assert.rejects(openSqliteLog(dir.log), { code: 'unsupported', message: /format 99/ })
  })

  it('says which setting is wrong when the directory does not exist, or is where the file should be', async () => {
    await using dir = await scratch()
    const path = join(dir.path, 'missing', 'log.db')
    await assert.rejects(openSqliteLog(path), { code: 'invalid-config', field: 'dataDir' })
    const directory = join(dir.path, 'directory')
    await mkdir(directory)
    await assert.rejects(openSqliteLog(directory), { code: 'invalid-config', field: 'dataDir' })
  })
})

describe('a checkpoint whose fsync fails', () => {
  it('ends the log, for nobody knows what of it the kernel has forgotten', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const running = DatabaseSync.prototype.exec
    const exec = mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql: string) {
      // https://sqlite.org/rescode.html#ioerr_fsync
      if (/wal_checkpoint/.test(sql)) throw Object.assign(new Error('disk I/O error'), { errcode: 1034 })
      return running.call(this, sql)
    })
    try {
      await log.append(0, change(1, 200_000))
      await assert.rejects(log.append(1, change(2)), { code: 'log-damaged', message: /SQLite 1034/ })
      assert.equal((await log.failed).code, 'log-damaged')
    } finally {
      exec.mock.restore()
    }
  })
})

describe('a log that was damaged', () => {
  it('gives nothing out from the bad entry on, says so, and does nothing more', async () => {
    await using dir = await scratch()
    await using writer = await openSqliteLog(dir.log)
    await appendAll(writer, 1, 10)
    await writer[Symbol.asyncDispose]()
    const bytes = await readFile(dir.log)
    bytes.write('9', bytes.indexOf('"epoch":4') + '"epoch":'.length)
    await writeFile(dir.log, bytes)

    await using log = await openSqliteLog(dir.log)
    const seen: number[] = []
    await assert.rejects(
      async () => {
        for await (const { sequence } of log.read(1)) seen.push(sequence)
      },
      { code: 'log-damaged', message: /^Entry 4 of the log is not what was written/ },
    )
    assert.match((await log.failed).message, /^Entry 4 /)
    await assert.rejects(log.append(10, change(11)), { code: 'log-damaged' })
    await assert.rejects(collect(log.follow(11, new AbortController().signal)), { code: 'log-damaged' })
  })
})
