import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { it } from 'node:test'
import { checkNotLeftBehind } from '../../../src/controller/ledger/leftbehind.ts'
import { openSqliteLog } from '../../../src/log/sqlite.ts'
import { appendAll } from '../../log/fixture.ts'

it('a log beside the write-ahead log of another is named before SQLite could delete that, also where the log went to Redis', async () => {
  using dir = scratchDir()
  await using log = await openSqliteLog(join(dir.path, 'log.db'))
  await appendAll(log, 1, 5)
  const wal = readFileSync(join(dir.path, 'log.db-wal'))
  assert.ok(wal.length > 0)
  for (const [make, message] of [
    [(path: string) => writeFileSync(path, ''), /There is no log .*log\.db-wal lies there/],
    [
      (path: string) => new DatabaseSync(join(dir.path, 'log.db')).exec(`VACUUM INTO '${path}'`),
      /is a copy of a log/,
    ],
  ] as const) {
    using other = scratchDir()
    make(join(other.path, 'log.db'))
    cpSync(join(dir.path, 'log.db-wal'), join(other.path, 'log.db-wal'))
    const known = { realm: 'x', sequence: 9, hash: 'ab' }
    writeFileSync(join(other.path, 'redis-journal.json'), `${JSON.stringify(known)}\n`)
    assert.throws(() => checkNotLeftBehind(other.path, ''), { code: 'conflict', message })
    assert.deepEqual(readFileSync(join(other.path, 'log.db-wal')), wal)
  }
})

function scratchDir(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'weft-left-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
