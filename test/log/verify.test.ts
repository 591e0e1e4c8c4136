import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalFields } from '../../src/keys/fields.ts'
import type { Entry } from '../../src/log/log.ts'
import { signHead } from '../../src/log/signedhead.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { report, runs } from '../chaos/runs.ts'
import { appendAll, change, collect, FIRST, scratch, signing } from './fixture.ts'

/** A closed log of ten entries, and the entries. */
async function write(path: string, size = 1): Promise<Entry[]> {
  await using log = await openSqliteLog(path)
  const answers = await appendAll(log, 1, 10, size)
  return answers.map(({ entry }) => entry)
}

/** Changes the closed file behind the back of the log. */
function tamper(path: string, ...statements: string[]) {
  using database = new DatabaseSync(path)
  for (const statement of statements) database.exec(statement)
}

/** Adds an entry whose content is `text`, with the hash that fits. */
function forge(path: string, { sequence, hash }: Entry, text: string) {
  const payload = Buffer.from(text)
  const fields = canonicalFields('weft/1 log entry', Buffer.from(hash, 'hex'), String(sequence + 1), payload)
  using database = new DatabaseSync(path)
  const insert = database.prepare('INSERT INTO entries VALUES (?, ?, ?, ?)')
  insert.run(sequence + 1, 'op', createHash('sha256').update(fields).digest('hex'), payload)
}

/** Where the page of the index by operation begins in the file. */
function indexPage(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true })
  const found = database.prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'index'").get()
  return (Number(found?.rootpage) - 1) * 4096
}

function finds(path: string, message: RegExp) {
  return assert.rejects(verifyLog(path), { code: 'log-damaged', message })
}

const FLIPS = runs(300, 5_000)

describe('verifyLog', () => {
  it('says how many entries there are and where the log ends', async () => {
    await using dir = await scratch()
    const last = (await write(dir.log)).at(-1)
    assert.deepEqual(await verifyLog(dir.log), {
      entries: 10,
      dropped: 0,
      snapshots: [],
      head: { sequence: 10, hash: last?.hash },
    })
  })

  it('reads a log that is in use', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    assert.equal((await verifyLog(dir.log)).entries, 0)
    await log.append(0, change(1))
    assert.deepEqual(await verifyLog(dir.log), { entries: 1, dropped: 0, snapshots: [], head: log.head() })
  })

  it('refuses what is not there and what is not a log', async () => {
    await using dir = await scratch()
    await assert.rejects(verifyLog(dir.log), { code: 'invalid-config' })
    tamper(dir.log, 'CREATE TABLE letters (text TEXT)')
    await assert.rejects(verifyLog(dir.log), { code: 'invalid-config', message: /not a log/ })
  })

  it('names an entry whose content was altered', async () => {
    await using dir = await scratch()
    await write(dir.log)
    tamper(
      dir.log,
      `UPDATE entries SET payload = CAST(replace(payload, 'system', 'nobody') AS BLOB) WHERE sequence = 6`,
    )
    await finds(dir.log, /^Entry 6 of the log is not what was written/)
  })

  it('names an entry whose hash was altered', async () => {
    await using dir = await scratch()
    await write(dir.log)
    tamper(dir.log, `UPDATE entries SET hash = replace(hash, 'a', 'b') WHERE sequence = 6`)
    await finds(dir.log, /^Entry 6 of the log is not what was written/)
  })

  it('names an entry that is missing, the first one too', async () => {
    await using dir = await scratch()
    await write(dir.log)
    tamper(dir.log, 'DELETE FROM entries WHERE sequence = 4')
    await finds(dir.log, /^Entry 4 of the log is missing: behind entry 3 stands number 5\./)
    tamper(dir.log, 'DELETE FROM entries WHERE sequence = 1')
    await finds(dir.log, /^Entry 1 of the log is missing/)
  })

  it('names the first of two entries that changed places', async () => {
    await using dir = await scratch()
    await write(dir.log)
    tamper(
      dir.log,
      'UPDATE entries SET sequence = 0 WHERE sequence = 7',
      'UPDATE entries SET sequence = 7 WHERE sequence = 3',
      'UPDATE entries SET sequence = 3 WHERE sequence = 0',
    )
    await finds(dir.log, /^Entry 3 of the log is not what was written/)
  })

  it('names an entry with a wrong number', async () => {
    await using dir = await scratch()
    await write(dir.log)
    tamper(dir.log, 'UPDATE entries SET sequence = 12 WHERE sequence = 10')
    await finds(dir.log, /^Entry 10 of the log is missing: behind entry 9 stands number 12\./)
  })

  it('names an entry that is filed under the operation of another', async () => {
    await using dir = await scratch()
    await write(dir.log)
    tamper(dir.log, `UPDATE entries SET operation = 'op-11' WHERE sequence = 5`)
    await finds(dir.log, /^Entry 5 of the log is filed under another operation/)
  })

  it('names an entry that fits the chain and cannot be read', async () => {
    for (const text of ['{"operation":', '[]', 'null', '{"operation":"op","at":1,"actor":"a"}']) {
      await using dir = await scratch()
      const head = (await write(dir.log)).at(-1)
      assert.ok(head)
      forge(dir.log, head, text)
      await finds(dir.log, /^Entry 11 of the log cannot be read/)
    }
  })

  it('sees a cut end only when it is told how long the log once was', async () => {
    await using dir = await scratch()
    const entries = await write(dir.log)
    const [known, earlier] = [entries[9], entries[4]]
    assert.ok(known && earlier)
    tamper(dir.log, 'DELETE FROM entries WHERE sequence > 7')
    assert.equal((await verifyLog(dir.log)).entries, 7)
    assert.equal((await verifyLog(dir.log, { head: earlier })).entries, 7)
    await assert.rejects(verifyLog(dir.log, { head: known }), {
      code: 'log-damaged',
      message: /^Entry 8 of the log is missing: the end is cut off, up to entry 10 at least\./,
    })
  })

  it('says of a head of an earlier epoch that it is not in the log, and takes one that is', async () => {
    await using dir = await scratch()
    const log = await openSqliteLog(dir.log)
    await log.append(0, FIRST)
    await appendAll(log, 2, 10)
    const [old] = await collect(log.read(8))
    assert.ok(old)
    await log[Symbol.asyncDispose]()
    const sign = (sequence: number, hash: string) =>
      signHead({ sequence, hash }, { epoch: 2, at: 1 }, signing)
    assert.equal((await verifyLog(dir.log, { signed: sign(8, old.hash) })).entries, 10)
    const cut = sign(1_000, old.hash)
    const message = /^The head that was kept is of epoch 2, the log is at epoch 10 and lacks entry 1000/
    await assert.rejects(verifyLog(dir.log, { signed: cut }), { code: 'log-damaged', message })
    await assert.rejects(verifyLog(dir.log, { signed: { ...cut, signature: 'x' } }), /was not signed by/)
  })

  it('does not take a head on trust that nobody can have signed', async () => {
    await using dir = await scratch()
    const [last] = (await write(dir.log)).slice(-1)
    assert.ok(last)
    const signed = { sequence: last.sequence, hash: last.hash, epoch: 9, at: 1, signature: 'x' }
    await assert.rejects(verifyLog(dir.log, { signed }), /names no controller that could have signed it/)
  })

  it('sees another history of the same length when it is told the head', async () => {
    await using dir = await scratch()
    const known = (await write(join(dir.path, 'one.db')))[4]
    await write(dir.log, 2)
    await assert.rejects(verifyLog(dir.log, { head: known }), {
      message: /^Entry 5 of the log is not the one that was known/,
    })
  })

  it('says near which entry the file itself is damaged', async () => {
    await using dir = await scratch()
    await write(dir.log, 200)
    const bytes = await readFile(dir.log)
    const at = bytes.indexOf('"operation":"op-7"')
    assert.ok(at > 0)
    bytes.fill(0xff, at - (at % 4096), at - (at % 4096) + 4096)
    await writeFile(dir.log, bytes)
    await finds(dir.log, /^Entry [1-7] of the log (cannot be read|is not what was written)/)
  })

  it('sees damage where no entry is, in the index by operation', async () => {
    await using dir = await scratch()
    await write(dir.log)
    const bytes = await readFile(dir.log)
    bytes.write('op-x', bytes.indexOf('op-8', indexPage(dir.log)))
    await writeFile(dir.log, bytes)
    await finds(dir.log, /^The log fits its chain up to entry 10, but .* is damaged: .*index/)
  })

  it('never passes a log in which a flipped bit changed an entry', async () => {
    await using dir = await scratch()
    const original = await write(dir.log)
    const bytes = await readFile(dir.log)
    const flipped = join(dir.path, 'flipped.db')
    let found = 0
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const copy = Buffer.from(bytes)
        copy.writeUInt8((copy.readUInt8(at) ^ (1 << bit)) & 0xff, at)
        await writeFile(flipped, copy)
        const entries = await readChecked(flipped).catch(() => undefined)
        if (entries) assert.deepEqual(entries, original)
        else found++
      }),
      { numRuns: FLIPS },
    )
    assert.ok(found > 0)
    report('bit of a log flipped', { runs: FLIPS, noticed: found, 'entries passed that were altered': 0 })
  })
})

/** All entries of a log that stands the check. Rejects when the check, or whoever opens it to write, refuses it. */
async function readChecked(path: string) {
  await verifyLog(path)
  await using log = await openSqliteLog(path)
  return await collect(log.read(1))
}
