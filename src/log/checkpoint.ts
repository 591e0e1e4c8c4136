import type { DatabaseSync } from 'node:sqlite'

/**
 * Moves all that is in the write-ahead log to the database, for good, and empties it. Throws SQLite's error when that cannot
 * be. False when another connection reads: that is told in a row only (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
 */
export function emptyWal(database: DatabaseSync): boolean {
  return database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
}
