import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as othersFirst } from 'node:timers/promises'
import { checkLink, headOf } from './chain.ts'
import { openReadOnly, storeError } from './database.ts'
import type { Entry, Head } from './log.ts'
import { SnapshotRows } from './snapshotrows.ts'
import { baseOf, SELECT, toRow } from './store.ts'
import type { Source } from './transfer.ts'

/** Entries given out before others may run. */
const BATCH = 128

/** An embedded log as it is now, read beside its controller, which may go on writing. */
export function openSource(path: string): Source & Disposable {
  const database = openReadOnly(path)
  database.exec('BEGIN')
  const base = reading(path, () => baseOf(database))
  return {
    base: async () => base,
    snapshots: async () => reading(path, () => new SnapshotRows(database).all()),
    read: () => entries(database, path),
    [Symbol.dispose]: () => database.close(),
  }
}

/** Whether the log at `path` has this entry, or had and dropped it. */
export function holds(path: string, { sequence, hash }: Head): boolean {
  if (!existsSync(path)) return false
  using database = openReadOnly(path)
  if (sequence <= baseOf(database).sequence) return true
  return database.prepare('SELECT hash FROM entries WHERE sequence = ?').get(sequence)?.hash === hash
}

function reading<Result>(path: string, action: () => Result): Result {
  try {
    return action()
  } catch (cause) {
    throw storeError(cause, path)
  }
}

async function* entries(database: DatabaseSync, path: string): AsyncGenerator<Entry, void, void> {
  let last = baseOf(database)
  try {
    for (const record of database.prepare(`${SELECT} ORDER BY sequence`).iterate()) {
      const entry = checkLink(last, toRow(record))
      yield entry
      last = headOf(entry)
      if (last.sequence % BATCH === 0) await othersFirst()
    }
  } catch (cause) {
    throw storeError(cause, path)
  }
}
