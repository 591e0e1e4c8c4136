import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { HEAD_FILE, writeKeptHead } from '../../src/controller/ledger/kepthead.ts'
import { openImport } from '../../src/log/export.ts'
import { signHead } from '../../src/log/signedhead.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { auditSource } from '../../src/log/transfer.ts'
import { appendAll, FIRST, scratch, signing } from '../log/fixture.ts'
import { MAIN } from './fixture.ts'

const MISSING = 'Entry 4 of the log is missing: the end is cut off, up to entry 6 at least.'

describe('a log of which the head beside it says that its end is cut off', () => {
  let dir: Awaited<ReturnType<typeof scratch>>
  let cut: string
  before(async () => {
    dir = await scratch()
    await writeLog(dir.path)
    cut = join(dir.path, 'cut')
    await mkdir(cut)
    for (const name of ['log.db', HEAD_FILE]) await copyFile(join(dir.path, name), join(cut, name))
    using database = new DatabaseSync(join(cut, 'log.db'))
    database.exec('DELETE FROM entries WHERE sequence > 3')
  })
  after(() => dir?.[Symbol.asyncDispose]())

  it('is not exported, unless it is wanted as it is', async () => {
    const file = join(dir.path, 'cut.jsonl')
    const refused = await weft('export', '--data-dir', cut, '--output', file)
    assert.deepEqual([refused.code, refused.stderr.split('\n')[0]], [1, `error: ${MISSING}`])
    assert.match(refused.stderr, /--as-it-is/)
    const printed = await weft('export', '--data-dir', cut)
    assert.deepEqual([printed.code, printed.stdout], [1, ''])
    const wanted = await weft('export', '--data-dir', cut, '--output', file, '--as-it-is')
    assert.deepEqual([wanted.code, wanted.stderr], [0, `warning: ${MISSING}\n`])
    using source = await openImport(file)
    assert.equal((await auditSource(source)).head.sequence, 3)
  })

  it('is not backed up, and nothing is left of the copy', async () => {
    const refused = await weft('backup', join(dir.path, 'copy.db'), '--data-dir', cut)
    const verified = await weft('verify', '--data-dir', cut)
    assert.deepEqual([refused.code, refused.stderr], [1, verified.stderr])
    assert.match(refused.stderr, new RegExp(MISSING))
    assert.deepEqual(
      (await readdir(dir.path)).filter((name) => name.startsWith('copy')),
      [],
    )
  })

  it('is refused as well when the head cannot be read, for then nobody knows', async () => {
    const other = join(dir.path, 'unread')
    await mkdir(other)
    await copyFile(join(cut, 'log.db'), join(other, 'log.db'))
    await writeFile(join(other, HEAD_FILE), 'garbage')
    for (const command of [['export'], ['backup', join(dir.path, 'copy.db')]]) {
      const { code, stderr } = await weft(...command, '--data-dir', other)
      assert.deepEqual([code, stderr.split('\n')[0]], [1, 'error: The head that was kept cannot be read.'])
      assert.match(stderr, /another copy of \S+\/unread\/head\.json, or move it away/)
    }
  })

  it('is neither refused when it holds what was noted, nor when it may have been restored since', async () => {
    for (const doubt of [/^$/, /^warning: The head that was kept is of epoch 2, the log is at epoch 6/]) {
      const file = join(dir.path, `${doubt.source.length}`)
      for (const command of [
        ['export', '--output', `${file}.jsonl`],
        ['backup', `${file}.db`],
      ]) {
        const { code, stderr } = await weft(...command, '--data-dir', dir.path)
        assert.equal(code, 0, stderr)
        assert.match(stderr, doubt)
      }
      const head = JSON.parse(await readFile(join(dir.path, HEAD_FILE), 'utf8'))
      await keepHead(dir.path, { ...head, sequence: 9 }, 2)
    }
  })
})

it('a backup that has no place says so of that place', async () => {
  await using dir = await scratch()
  await writeLog(dir.path)
  const { code, stderr } = await weft('backup', join(dir.path, 'none', 'copy.db'), '--data-dir', dir.path)
  assert.equal(code, 2)
  assert.match(stderr, /^error: The copy .*none\/copy\.db cannot be made: ENOENT.*\n.*folder that exists/)
  assert.doesNotMatch(stderr, /data directory/)
})

/** Six entries, of which the last is noted beside them. */
async function writeLog(dataDir: string): Promise<void> {
  await using log = await openSqliteLog(join(dataDir, 'log.db'))
  await log.append(0, FIRST)
  await appendAll(log, 2, 6)
  await keepHead(dataDir, log.head(), 6)
}

async function keepHead(
  dataDir: string,
  head: { readonly sequence: number; readonly hash: string },
  epoch: number,
): Promise<void> {
  await writeKeptHead(join(dataDir, HEAD_FILE), signHead(head, { epoch, at: 1 }, signing))
}

function weft(...args: readonly string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [MAIN, 'log', ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}
