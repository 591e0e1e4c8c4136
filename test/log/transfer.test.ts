import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { copyFile, mkdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { backupLog } from '../../src/log/backup.ts'
import { EMPTY, headOf, link } from '../../src/log/chain.ts'
import { exportLog, openImport } from '../../src/log/export.ts'
import { installLog } from '../../src/log/install.ts'
import type { Draft } from '../../src/log/log.ts'
import { openSource } from '../../src/log/source.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { change, collect, FIRST, scratch } from './fixture.ts'
import { compacted, snapshot } from './whole.ts'

const MALFORMED = 'database disk image is malformed (SQLite 11).'
const NOW = { now: 1_800_000_000_000 }

async function exported(path: string): Promise<string> {
  using source = openSource(path)
  const lines: string[] = []
  for await (const line of exportLog(source)) lines.push(line)
  return lines.join('')
}

async function imported(file: string, to: string, newEpoch = false) {
  using source = await openImport(file)
  return await installLog(source, to, { ...NOW, newEpoch })
}

/** As `left.db`, what a controller leaves that is killed: the changes of a log that runs are not in its one file yet. */
async function leftInTheWal(folder: string) {
  const log = await compacted(join(folder, 'log.db'))
  for (const ending of ['', '-wal', '-shm'])
    await copyFile(join(folder, `log.db${ending}`), join(folder, `left.db${ending}`))
  return log
}

/** As `to`, what is left where SQLite was killed that had begun to write to `path` without a write-ahead log. */
async function cutShort(path: string, to: string): Promise<void> {
  const database = new DatabaseSync(path)
  // More than it keeps to itself.
  database.exec(
    'PRAGMA cache_size = 1; BEGIN; CREATE TABLE more (bytes); INSERT INTO more VALUES (randomblob(99999))',
  )
  for (const ending of ['', '-journal']) await copyFile(path + ending, to + ending)
  database.exec('ROLLBACK')
  database.close()
}

describe('a log from which entries were dropped', () => {
  it('is verified from its snapshots on, which stand for the rest', async () => {
    await using dir = await scratch()
    await using log = await compacted(dir.log)
    const verified = await verifyLog(dir.log)
    assert.deepEqual(verified, { entries: 25, dropped: 15, snapshots: [30, 20], head: log.head() })
  })

  it('is refused when a snapshot was altered, forged, or is gone', async () => {
    const cases: [sql: string, message: RegExp][] = [
      [
        "UPDATE snapshot_parts SET bytes = CAST(replace(bytes, '20', '21') AS BLOB) WHERE sequence = 20",
        /^Entry 20 .*snapshot/,
      ],
      [
        "UPDATE snapshots SET signature = 'x' WHERE sequence = 30",
        /^Entry 30 of the log has a snapshot that is not what was written/,
      ],
      [
        "UPDATE snapshots SET hash = replace(hash, 'a', 'b') WHERE sequence = 30",
        /^Entry 30 of the log is not the one that its snapshot is of/,
      ],
      ['DELETE FROM snapshots', /^Entry 15 of the log and all before it were dropped, and no snapshot/],
      ['UPDATE base SET sequence = 16', /^Entry 17 of the log is missing/],
      ["UPDATE base SET hash = replace(hash, 'a', 'b')", /^Entry 16 of the log is not what was written/],
      ['DELETE FROM base', /^Entry 1 of the log is missing/],
      [
        'DELETE FROM entries WHERE sequence > 25',
        /^Entry 26 of the log is missing: there is a snapshot of 30/,
      ],
    ]
    for (const [sql, message] of cases) {
      await using dir = await scratch()
      await (await compacted(dir.log))[Symbol.asyncDispose]()
      using database = new DatabaseSync(dir.log)
      database.exec(sql)
      await assert.rejects(verifyLog(dir.log), { code: 'log-damaged', message }, sql)
    }
  })

  it('is refused when a signed snapshot is not what the entries amount to', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    for (let number = 1; number <= 9; number++)
      await log.append(number - 1, number === 1 ? FIRST : change(number))
    await log.keepSnapshot(await snapshot(log, 8, 77))
    await assert.rejects(verifyLog(dir.log), {
      message: /^Entry 8 .* not what the entries up to it amount to/,
    })
  })

  it('goes out and in again as the same log, with its operations, and goes on', async () => {
    await using dir = await scratch()
    await using log = await compacted(dir.log)
    const file = join(dir.path, 'log.jsonl')
    await writeFile(file, await exported(dir.log))
    const to = join(dir.path, 'other.db')
    assert.deepEqual(await imported(file, to), log.head())
    assert.deepEqual(await verifyLog(to), await verifyLog(dir.log))
    await using other = await openSqliteLog(to)
    assert.deepEqual(await collect(other.read(16)), await collect(log.read(16)))
    assert.equal((await other.append(0, change(33))).repeated, true)
    await other.append(40, change(41))
    assert.equal((await stat(to)).mode & 0o777, 0o600)
  })
})

describe('an import', () => {
  it('takes in what a change was asked with and from where, which is under the hash too', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const origin = { via: 'rest', address: '192.0.2.7', request: 'run-1' } as const
    await log.append(0, FIRST)
    await log.append(1, { ...change(2), request: 'fingerprint', origin })
    await log.append(2, { ...change(3), origin: { via: 'agent' } })
    const file = join(dir.path, 'log.jsonl')
    await writeFile(file, await exported(dir.log))
    const to = join(dir.path, 'other.db')
    assert.deepEqual(await imported(file, to), log.head())
    await using other = await openSqliteLog(to)
    assert.deepEqual(await collect(other.read(1)), await collect(log.read(1)))
  })

  it('names what is wrong with an export, and leaves nothing behind', async () => {
    await using dir = await scratch()
    await (await compacted(dir.log))[Symbol.asyncDispose]()
    const whole = (await exported(dir.log)).trimEnd().split('\n')
    const cases: [lines: string[], code: string, message: RegExp][] = [
      [whole.slice(0, -1), 'log-damaged', /cut off behind entry 40/],
      [whole.slice(0, 12), 'log-damaged', /cut off behind entry 24/],
      [whole.toSpliced(10, 1), 'log-damaged', /^Entry 23 of the log is missing/],
      [
        whole.with(10, (whole[10] ?? '').replace('"actor":"system"', '"actor":"nobody"')),
        'log-damaged',
        /^Entry 23 .* not what was written/,
      ],
      [whole.with(10, '{"sequence":'), 'log-damaged', /cannot be read behind entry 22/],
      [whole.toSpliced(1, 2), 'log-damaged', /no snapshot/],
      [[...whole, ...whole.slice(-1)], 'log-damaged', /goes on behind its end, entry 40/],
      [[...whole, 'garbage'], 'log-damaged', /goes on behind its end, entry 40/],
      [['{"weft":"log","format":9}'], 'invalid-input', /neither an export nor a backup/],
      [[''], 'invalid-input', /neither an export nor a backup/],
    ]
    for (const [lines, code, message] of cases) {
      const file = join(dir.path, 'bad.jsonl')
      await writeFile(file, `${lines.join('\n')}\n`)
      const to = join(dir.path, 'to.db')
      await assert.rejects(imported(file, to), { code, message })
      await assert.rejects(stat(to), { code: 'ENOENT' })
      await assert.rejects(stat(`${to}.new`), { code: 'ENOENT' })
    }
    await assert.rejects(openImport(join(dir.path, 'nothing')), { code: 'invalid-input' })
  })

  it('takes in no events that no controller writes, though they are chained', async () => {
    await using dir = await scratch()
    const bad: readonly [event: unknown, message: RegExp][] = [
      [{ type: 'epoch-raised', epoch: 'x' }, /^Entry 2 .* epoch has another form/],
      [{ type: 'epoch-raised', epoch: 1e300 }, /^Entry 2 .* epoch has another form/],
      [{ type: 'epoch-raised' }, /^Entry 2 .* epoch has another form/],
      [{ type: 'member-removed', network: null, node: 'n', at: 1 }, /^Entry 2 .* network has another form/],
      [null, /cannot be read behind entry 1/],
      [{ type: 'of-a-later-release' }, /^Entry 2 .* does not know: of-a-later-release/],
    ]
    const first = headOf(link(EMPTY, FIRST))
    const file = join(dir.path, 'forged.jsonl')
    for (const [event, message] of bad) {
      const draft: Draft = { ...change(2), events: JSON.parse(JSON.stringify([event])) }
      const second = headOf(link(first, draft))
      const lines = [
        { weft: 'log', format: 1, base: EMPTY },
        { ...first, draft: FIRST },
        { ...second, draft },
        { end: second },
      ]
      await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
      await assert.rejects(imported(file, join(dir.path, 'to.db')), (error: Error) => {
        assert.match(error.message, message)
        return true
      })
    }
    const begun = `${JSON.stringify({ weft: 'log', format: 1, base: { sequence: 0, hash: '1'.repeat(64) } })}\n`
    await writeFile(join(dir.path, 'begun.jsonl'), begun)
    await assert.rejects(imported(join(dir.path, 'begun.jsonl'), join(dir.path, 'to.db')), {
      message: /^Entry 1 of the log does not stand at the beginning/,
    })
  })

  it('never replaces a log, nor one that is in use', async () => {
    await using dir = await scratch()
    await using _ = await compacted(dir.log)
    const file = join(dir.path, 'log.jsonl')
    await writeFile(file, await exported(dir.log))
    await assert.rejects(imported(file, dir.log), { code: 'store-unavailable' })
    await _[Symbol.asyncDispose]()
    await assert.rejects(imported(file, dir.log), { code: 'already-exists' })
  })

  it('goes where a link leads that was made for it, and not in its place', async () => {
    await using dir = await scratch()
    await (await compacted(dir.log))[Symbol.asyncDispose]()
    for (const name of ['data', 'disk']) await mkdir(join(dir.path, name))
    const [place, disk] = [join(dir.path, 'data', 'log.db'), join(dir.path, 'disk', 'log.db')]
    await symlink(disk, place)
    const head = await imported(dir.log, place)
    assert.equal(await readlink(place), disk)
    assert.deepEqual((await verifyLog(disk)).head, head)
  })

  it('goes nowhere near what is left of a log whose log.db alone was moved away', async () => {
    await using dir = await scratch()
    await using killed = await leftInTheWal(dir.path)
    const [path, away] = [join(dir.path, 'left.db'), join(dir.path, 'old.db')]
    const file = join(dir.path, 'log.jsonl')
    await writeFile(file, await exported(dir.log))
    const left = await readFile(`${path}-wal`)
    await assert.rejects(imported(file, path), {
      code: 'already-exists',
      advice: /left\.db, left\.db-wal, left\.db-shm and left\.db-journal/,
    })
    await rename(path, away)
    const told = {
      code: 'conflict',
      message: /left\.db-wal lies there/,
      advice: /left\.db-journal are one log/,
    }
    for (const make of [() => imported(file, path), () => openSqliteLog(path)]) {
      await assert.rejects(make(), told)
      assert.deepEqual(await readFile(`${path}-wal`), left, 'its last changes are in there')
      await assert.rejects(stat(path), { code: 'ENOENT' })
    }
    for (const ending of ['-wal', '-shm']) await rename(path + ending, away + ending)
    assert.deepEqual(await imported(file, path), killed.head())
    assert.deepEqual((await verifyLog(path)).head, killed.head())
    assert.deepEqual((await verifyLog(away)).head, killed.head(), 'moved as a whole it is whole')
  })

  it('passes over what a program that only reads leaves beside a log', async () => {
    await using dir = await scratch()
    await (await compacted(dir.log))[Symbol.asyncDispose]()
    const file = join(dir.path, 'log.jsonl')
    await writeFile(file, await exported(dir.log))
    assert.equal((await stat(`${dir.log}-wal`)).size, 0)
    await rm(dir.log)
    assert.equal((await imported(file, dir.log)).sequence, 40)
  })

  it('begins a new epoch when it is told to', async () => {
    await using dir = await scratch()
    await (await compacted(dir.log))[Symbol.asyncDispose]()
    const to = join(dir.path, 'to.db')
    const { sequence } = await imported(dir.log, to, true)
    assert.equal(sequence, 41)
    await using log = await openSqliteLog(to)
    const [last] = await collect(log.read(41))
    assert.deepEqual(last?.events, [{ type: 'epoch-raised', epoch: 41 }])
  })
})

describe('a backup', () => {
  it('is a whole log as of one moment, made while writes go on', async () => {
    await using dir = await scratch()
    await using log = await compacted(dir.log)
    let writing = true
    const writes = (async () => {
      for (let number = 41; writing; number++) await log.append(number - 1, change(number, 20))
    })()
    const copies = ['one.db', 'two.db', 'three.db'].map((name) => join(dir.path, name))
    for (const copy of copies) {
      const { head } = await backupLog(dir.log, copy)
      const [entry] = await collect(log.read(head.sequence))
      assert.equal(entry?.hash, head.hash)
      assert.equal((await stat(copy)).mode & 0o777, 0o600)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    writing = false
    await writes
    const to = join(dir.path, 'restored.db')
    const restored = await imported(copies[2] ?? '', to)
    assert.deepEqual((await verifyLog(to)).head, restored)
  })

  it('that was copied over the log.db of a log that was killed is not mixed with it', async () => {
    await using dir = await scratch()
    await using killed = await leftInTheWal(dir.path)
    const path = join(dir.path, 'left.db')
    const copy = join(dir.path, 'copy.db')
    await backupLog(dir.log, copy)
    await copyFile(copy, path)
    await assert.rejects(openSqliteLog(path), {
      code: 'conflict',
      message: /left\.db is a copy of a log, but the left\.db-wal beside it/,
      advice: /weft log import/,
    })
    for (const ending of ['-wal', '-shm']) await rm(path + ending)
    await using log = await openSqliteLog(path)
    assert.deepEqual(log.head(), killed.head())
  })

  it('that was copied over the log.db of a log that was killed in its first moments is not made what that was', async () => {
    await using dir = await scratch()
    await (await compacted(dir.log))[Symbol.asyncDispose]()
    const [path, copy, other] = ['left.db', 'copy.db', 'other.db'].map((name) => join(dir.path, name))
    assert.ok(path && copy && other)
    const { head } = await backupLog(dir.log, copy)
    await cutShort(other, path)
    const first = (await readFile(path)).subarray(0, 4_096)
    const journal = await readFile(`${path}-journal`)
    const bytes = await readFile(copy)
    await writeFile(path, bytes)
    const told = {
      code: 'conflict',
      message: /left\.db is a copy of a log, but the left\.db-journal beside it/,
    }
    await assert.rejects(openSqliteLog(path), told)
    assert.deepEqual(await readFile(path), bytes)
    // So it lies there where nobody copied anything.
    for (const own of [new Uint8Array(), first]) {
      await writeFile(path, own)
      await writeFile(`${path}-journal`, journal)
      await using log = await openSqliteLog(path)
      assert.equal(log.head().sequence, 0)
    }
    // And beside a copy that was opened, and killed before it was turned to write ahead.
    await copyFile(copy, other)
    await cutShort(other, path)
    await assert.rejects(openSqliteLog(path), told, 'a larger one')
    await writeFile(path, bytes)
    await using log = await openSqliteLog(path)
    assert.deepEqual(log.head(), head)
  })

  it('is not there by half when it is stopped or killed', async () => {
    await using dir = await scratch()
    await using _log = await compacted(dir.log)
    const script = `
      import { readdirSync } from 'node:fs'
      import { setImmediate } from 'node:timers/promises'
      import { backupLog } from ${JSON.stringify(new URL('../../src/log/backup.ts', import.meta.url))}
      const copying = backupLog(...process.argv.slice(1, 3))
      while (!readdirSync('.').some((name) => name.startsWith('copy'))) await setImmediate()
      process.kill(process.pid, process.argv[3])
      await copying
    `
    const copy = join(dir.path, 'copy.db')
    const leftBy = (signal: string) => {
      const run = ['--input-type=module', '--eval', script, dir.log, copy, signal]
      assert.equal(spawnSync(process.execPath, run, { cwd: dir.path, timeout: 20_000 }).signal, signal)
      return readdirSync(dir.path).filter((name) => name.startsWith('copy'))
    }
    assert.deepEqual(leftBy('SIGINT'), [])
    const [draft = '', ...others] = leftBy('SIGKILL')
    assert.match(draft, /^copy\.db\.[0-9a-f]{8}\.new$/)
    assert.deepEqual(others, [])
    await backupLog(dir.log, copy)
  })

  it('takes nothing away from another of the same name', async () => {
    await using dir = await scratch()
    await (await compacted(dir.log))[Symbol.asyncDispose]()
    const copy = join(dir.path, 'copy.db')
    const both = await Promise.allSettled([backupLog(dir.log, copy), backupLog(dir.log, copy)])
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    const [failed] = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    assert.equal(failed.code, 'already-exists')
    assert.equal((await verifyLog(copy)).head.sequence, 40)
  })

  it('replaces no file, and leaves none when the log is damaged', async () => {
    await using dir = await scratch()
    await (await compacted(dir.log))[Symbol.asyncDispose]()
    const copy = join(dir.path, 'copy.db')
    await writeFile(copy, 'precious')
    await assert.rejects(backupLog(dir.log, copy), { code: 'already-exists' })
    assert.equal(await readFile(copy, 'utf8'), 'precious')
    using database = new DatabaseSync(dir.log)
    database.exec('DELETE FROM entries WHERE sequence = 33')
    await assert.rejects(backupLog(dir.log, `${copy}2`), {
      code: 'log-damaged',
      message: /^Entry 33 .* is missing/,
    })
    await assert.rejects(stat(`${copy}2`), { code: 'ENOENT' })
  })

  it('names the log that is damaged, and not the copy that there is none of', async () => {
    await using dir = await scratch()
    await (await compacted(dir.log))[Symbol.asyncDispose]()
    const bytes = await readFile(dir.log)
    await writeFile(dir.log, bytes.fill(0x5a, 4_096))
    const error = {
      code: 'log-damaged',
      message: `The log ${dir.log} cannot be read or written: ${MALFORMED}`,
    }
    await assert.rejects(backupLog(dir.log, `${dir.log}2`), error)
    await assert.rejects(exported(dir.log), error)
    assert.deepEqual(
      readdirSync(dir.path).filter((name) => name.startsWith('log.db2')),
      [],
    )
  })
})
