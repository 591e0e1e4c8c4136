import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { Draft } from '../../src/log/log.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { appendAll, change, collect, scratch } from './fixture.ts'

describe('append', () => {
  it('numbers entries from 1, chains them, and gives back what was written', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    assert.deepEqual(log.head(), { sequence: 0, hash: '0'.repeat(64) })
    const first = await log.append(0, change(1))
    const second = await log.append(1, change(2))
    assert.deepEqual(first, { entry: { ...change(1), sequence: 1, hash: first.entry.hash }, repeated: false })
    assert.equal(second.entry.sequence, 2)
    assert.match(second.entry.hash, /^[0-9a-f]{64}$/)
    assert.notEqual(second.entry.hash, first.entry.hash)
    assert.equal(log.head().hash, second.entry.hash)
    assert.deepEqual(await collect(log.read(1)), [first.entry, second.entry])
  })

  it('refuses a change that was decided on another state', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    await log.append(0, change(1))
    for (const expected of [0, 2, -1]) {
      await assert.rejects(log.append(expected, change(2)), { code: 'conflict' })
    }
    assert.equal(log.head().sequence, 1)
  })

  it('counts the entries that are on their way to the disk', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const one = log.append(0, change(1))
    const two = log.append(1, change(2))
    const late = assert.rejects(log.append(1, change(3)), { code: 'conflict' })
    assert.equal(log.head().sequence, 0, 'nothing is durable yet')
    assert.deepEqual([(await one).entry.sequence, (await two).entry.sequence], [1, 2])
    await late
  })

  it('answers an operation that was done with its first entry, whatever is expected now', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const underWay = log.append(0, change(1))
    const meanwhile = log.append(0, change(1))
    const { entry } = await underWay
    assert.deepEqual(await meanwhile, { entry, repeated: true })
    await log.append(1, change(2))
    assert.deepEqual(await log.append(77, { ...change(3), operation: 'op-1' }), { entry, repeated: true })
    assert.equal(log.head().sequence, 2)
  })

  it('finds entries by their operation, durable ones only', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const writing = log.append(0, change(1))
    assert.equal(await log.find('op-1'), undefined)
    const { entry } = await writing
    assert.deepEqual(await log.find('op-1'), entry)
    assert.equal(await log.find('op-2'), undefined)
  })

  it('never writes a secret', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const draft = { ...change(1), events: [new SecretBytes(new Uint8Array(32))] } as unknown as Draft
    await assert.rejects(log.append(0, draft), TypeError)
    assert.equal((await log.append(0, change(2))).entry.sequence, 1, 'the failed one left nothing behind')
  })

  it('takes more at once than fit into one group', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    await appendAll(log, 1, 1_300)
    const entries = await collect(log.read(1))
    assert.deepEqual(
      entries.map(({ operation }) => operation),
      Array.from({ length: 1_300 }, (_, index) => `op-${index + 1}`),
    )
  })
})

describe('read and follow', () => {
  it('begin where they are told to', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    await appendAll(log, 1, 300)
    const entries = await collect(log.read(200))
    assert.deepEqual([entries[0]?.sequence, entries.length], [200, 101])
    assert.deepEqual(await collect(log.read(301)), [])
    await assert.rejects(collect(log.read(302)), { code: 'conflict' })
  })

  it('follow gives what was there and then what comes, in order and without gaps', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    await appendAll(log, 1, 200)
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const { sequence } of log.follow(1, stop.signal)) {
        if (seen.push(sequence) === 500) stop.abort()
      }
    })()
    for (let number = 201; number <= 500; number += 20) await appendAll(log, number, number + 19)
    await following
    assert.deepEqual(
      seen,
      Array.from({ length: 500 }, (_, index) => index + 1),
    )
  })

  it('follow shows only what is durable', async () => {
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

  it('follow ends when it is aborted, and when the log is closed', async () => {
    await using dir = await scratch()
    const log = await openSqliteLog(dir.log)
    const stop = new AbortController()
    const both = [collect(log.follow(1, stop.signal)), collect(log.follow(1, new AbortController().signal))]
    const [entry] = await appendAll(log, 1, 1)
    stop.abort()
    assert.deepEqual(await both[0], [entry?.entry])
    await log[Symbol.asyncDispose]()
    assert.deepEqual(await both[1], [entry?.entry])
    assert.deepEqual(
      await collect(log.follow(1, AbortSignal.abort())).catch((error) => error.code),
      'unavailable',
    )
  })
})

describe('closing', () => {
  it('writes what is on its way, and refuses all after it', async () => {
    await using dir = await scratch()
    const log = await openSqliteLog(dir.log)
    const writing = log.append(0, change(1))
    await log[Symbol.asyncDispose]()
    await log[Symbol.asyncDispose]()
    assert.equal((await writing).entry.sequence, 1)
    await assert.rejects(log.append(1, change(2)), { code: 'unavailable' })
    await using again = await openSqliteLog(dir.log)
    assert.deepEqual(again.head(), { sequence: 1, hash: (await writing).entry.hash })
    assert.deepEqual(await again.append(9, change(1)), { entry: (await writing).entry, repeated: true })
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

  it('refuses a log of a later format', async () => {
    await using dir = await scratch()
    await (await openSqliteLog(dir.log))[Symbol.asyncDispose]()
    const database = new DatabaseSync(dir.log)
    database.exec('PRAGMA user_version = 2')
    database.close()
    await assert.rejects(openSqliteLog(dir.log), { code: 'unsupported', message: /format 2/ })
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

describe('any history of appends, repeats, stale appends and restarts', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        number: fc.nat(30),
        skew: fc.constantFrom(0, 0, 0, -1, 1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  )

  it('is what a plain list makes of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        await using dir = await scratch()
        let log = await openSqliteLog(dir.log)
        const list: string[] = []
        const answers: Promise<void>[] = []
        for (const each of steps) {
          if (each.kind === 'wait') await Promise.all(answers)
          else if (each.kind === 'restart') {
            await log[Symbol.asyncDispose]()
            log = await openSqliteLog(dir.log)
          } else {
            const draft = change(each.number)
            const known = list.indexOf(draft.operation)
            const expected = list.length + each.skew
            const answer = log.append(expected, draft)
            if (known < 0 && each.skew !== 0) {
              answers.push(assert.rejects(answer, { code: 'conflict' }))
              continue
            }
            const sequence = known < 0 ? list.push(draft.operation) : known + 1
            answers.push(
              answer.then(({ entry, repeated }) =>
                assert.deepEqual([entry.sequence, repeated], [sequence, known >= 0]),
              ),
            )
          }
        }
        await Promise.all(answers)
        assert.deepEqual(
          (await collect(log.read(1))).map(({ operation }) => operation),
          list,
        )
        await log[Symbol.asyncDispose]()
      }),
      { numRuns: 40 },
    )
  })
})
