/**
 * Writes rows to SQLite as the log does, but with synchronous=NORMAL, and says which were committed: a line of JSON each.
 * After a power cut some of them must be missing, or the test that looks for losses sees nothing. Argument: path.
 */
import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const [path = ''] = process.argv.slice(2)
const database = new DatabaseSync(path)
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
database.exec('CREATE TABLE IF NOT EXISTS entries (sequence INTEGER PRIMARY KEY, payload TEXT) STRICT')
const insert = database.prepare('INSERT INTO entries (payload) VALUES (?)')
for (let number = 0; number < 100_000; number++) {
  const { lastInsertRowid } = insert.run('x'.repeat(200))
  writeSync(1, `${JSON.stringify({ sequence: Number(lastInsertRowid), hash: '' })}\n`)
}
