import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite'
import { WeftError } from '../errors.ts'
import { checkBeside } from './beside.ts'
import { realOf } from './realpath.ts'
import { isOutOfRoom } from './room.ts'

/** In ms, for a program from outside that holds the file: the process stands still meanwhile. */
const BUSY_TIMEOUT = 1_000

/** "WEFT": says whose file it is (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x57454654
const FORMAT = 2

/**
 * What brings a commit through a power cut, and keeps a foreign schema from running code. Read back, because SQLite says
 * nothing when it cannot do what it is asked.
 */
const PRAGMAS: readonly [name: string, value: string, readBack: unknown][] = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['foreign_keys', 'ON', 1],
  ['trusted_schema', 'OFF', 0],
  ['busy_timeout', String(BUSY_TIMEOUT), BUSY_TIMEOUT],
  // SQLite hides the errors of its automatic checkpoints; ours are seen (store.ts).
  ['wal_autocheckpoint', '0', 0],
]

/** By the format that a log has before: 0 is a new file. Each is one transaction. */
const STEPS: readonly string[] = [
  `CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    operation TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    payload BLOB NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID}`,
  // Parts are written one by one; only the row in snapshots makes them one. base has one row once entries were dropped.
  `CREATE TABLE snapshots (
    sequence INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    signature TEXT NOT NULL
  ) STRICT;
  CREATE TABLE snapshot_parts (
    sequence INTEGER NOT NULL,
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (sequence, part)
  ) STRICT;
  CREATE TABLE base (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL
  ) STRICT`,
]

/** Opens the log's database for writing, and makes it first if there is none. */
export function openDatabase(path: string): DatabaseSync {
  checkBeside(realOf(path))
  createFile(path)
  return connect(path, {}, (database) => {
    const format = isEmpty(database) ? 0 : formatOf(database, path)
    for (const [name, value, readBack] of PRAGMAS) {
      database.exec(`PRAGMA ${name} = ${value}`)
      const found = pragma(database, name)
      if (found !== readBack) throw refused(path, name, found)
    }
    bringUp(database, format)
  })
}

/** Opens the log's database for reading only; its controller may be running. */
export function openReadOnly(path: string): DatabaseSync {
  return connect(path, { readOnly: true, timeout: BUSY_TIMEOUT }, (database) => {
    database.exec('PRAGMA trusted_schema = OFF')
    if (formatOf(database, path) === FORMAT) return
    throw new WeftError('unsupported', `The log ${path} was written by an earlier version of Weft.`, {
      advice: 'Start the controller once: it brings the log up to date.',
    })
  })
}

/** The database at `path` after `prepare`; closed again when that throws. */
export function connect(
  path: string,
  options: DatabaseSyncOptions,
  prepare: (database: DatabaseSync) => void,
): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, options)
    prepare(database)
    return database
  } catch (cause) {
    database?.close()
    throw storeError(cause, path)
  }
}

/**
 * Makes sure that there is a file, readable for its owner only: SQLite takes the modes of its other files from it. Whether
 * there was none before.
 */
export function createFile(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    return true
  } catch (cause) {
    // One that exists is not even opened: closing it would take away the locks that this process has on it.
    if (errorCode(cause) !== 'EEXIST') throw cannotOpen(path, cause)
    return false
  }
}

/** Does what is given up at once where another connection holds what it needs. */
export function withoutWaiting<Result>(database: DatabaseSync, action: () => Result): Result {
  database.exec('PRAGMA busy_timeout = 0')
  try {
    return action()
  } finally {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`)
  }
}

/** Whether another connection holds what was asked for. */
export function isBusy(cause: unknown): boolean {
  return resultCode(cause) === SQLITE_BUSY
}

/** Whether it is what was read that is damaged. */
export function isMalformed(cause: unknown): boolean {
  return resultCode(cause) === SQLITE_CORRUPT
}

/** The one translator of SQLite's errors: what passes by itself is `store-unavailable`, all else is `log-damaged`. */
export function storeError(cause: unknown, path: string): WeftError {
  if (cause instanceof WeftError) return cause
  switch (isRefusedWrite(cause) && isOutOfRoom(path) ? SQLITE_FULL : resultCode(cause)) {
    case SQLITE_FULL:
      return new WeftError('store-unavailable', `No space is left for the log ${path}.`, {
        advice: 'Free some: writes work again at once, without a restart.',
        cause,
      })
    case SQLITE_BUSY:
      return new WeftError('store-unavailable', `Another program keeps the log ${path} locked.`, {
        advice: 'Close what has the file open, and try again.',
        cause,
      })
    case SQLITE_CANTOPEN:
      return cannotOpen(path, cause)
    default:
      return new WeftError(
        'log-damaged',
        `The log ${path} cannot be read or written: ${reasonOf(cause)}${codeText(cause)}.`,
        {
          advice: 'Check the disk, and the log with "weft log verify".',
          cause,
        },
      )
  }
}

/** Primary result codes: https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14

/** Extended: no space for the index of the write-ahead log. */
const SQLITE_IOERR_SHMSIZE = 4874

/** Extended: the system took a write as wrong, and nothing of it was synced. */
const SQLITE_IOERR_WRITE = 778

function isRefusedWrite(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_IOERR_WRITE
}

/** The primary result code is the low byte of the extended one. */
function resultCode(cause: unknown): number | undefined {
  if (!(cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number')) return undefined
  return cause.errcode === SQLITE_IOERR_SHMSIZE ? SQLITE_FULL : cause.errcode & 0xff
}

function errorCode(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

/** "disk I/O error" alone leaves open whether it was a read, a write or an fsync. */
function codeText(cause: unknown): string {
  return cause instanceof Error && 'errcode' in cause ? ` (SQLite ${cause.errcode})` : ''
}

/** What the pragma `name` says. */
export function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}

function isEmpty(database: DatabaseSync): boolean {
  return pragma(database, 'application_id') === 0 && !database.prepare('SELECT 1 FROM sqlite_schema').get()
}

function bringUp(database: DatabaseSync, format: number): void {
  for (const [before, sql] of STEPS.entries()) {
    if (before >= format)
      database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${before + 1}; COMMIT`)
  }
}

function formatOf(database: DatabaseSync, path: string): number {
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new WeftError('invalid-config', `${path} is not a log of Weft.`, {
      field: 'dataDir',
      advice: 'Give a data directory that Weft made, or an empty one.',
    })
  }
  const format = Number(pragma(database, 'user_version'))
  if (format >= 1 && format <= FORMAT) return format
  throw new WeftError('unsupported', `The log ${path} has format ${format}; this Weft knows ${FORMAT}.`, {
    advice: 'Use the version of Weft that wrote it, or a newer one.',
  })
}

function refused(path: string, name: string, found: unknown): WeftError {
  return new WeftError('unsupported', `SQLite keeps ${name} at ${found} for the log ${path}.`, {
    advice: 'Put the data directory on a local disk with an ordinary file system.',
  })
}

function cannotOpen(path: string, cause: unknown): WeftError {
  return new WeftError('invalid-config', `The log ${path} cannot be opened: ${reasonOf(cause)}.`, {
    field: 'dataDir',
    advice: 'Give a data directory that exists and that this user may write to.',
    cause,
  })
}
