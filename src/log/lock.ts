import { WeftError } from '../errors.ts'
import { connect, createFile, isBusy, pragma } from './database.ts'
import { realOf } from './realpath.ts'

/**
 * Makes this the one process that writes to `path`, until the result is disposed of. Throws `store-unavailable`, naming
 * the process that has it.
 *
 * Node has no file locks, but SQLite takes one of the kernel's: it goes away with its process, however that ends. It is
 * an open write transaction on an empty database beside the log. The holder's process id is in that one's header, which
 * others may read meanwhile.
 */
export function takeLock(path: string): Disposable {
  const file = `${realOf(path)}.lock`
  createFile(file)
  return connect(file, { timeout: LOCK_TIMEOUT }, (database) => {
    try {
      // Without a journal it takes no space, so a start succeeds on a full disk too; there is nothing to lose in it.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE')
      database.exec(`PRAGMA user_version = ${process.pid}; COMMIT; BEGIN IMMEDIATE`)
    } catch (cause) {
      throw isBusy(cause) ? inUse(path, pragma(database, 'user_version'), cause) : cause
    }
  })
}

/** In ms: long enough for another to write its process id, short enough for a person who waits. */
const LOCK_TIMEOUT = 200

function inUse(path: string, holder: unknown, cause: unknown): WeftError {
  const who = holder === process.pid ? 'this process' : `process ${holder}`
  return new WeftError('store-unavailable', `The log ${path} is in use by ${who}.`, {
    advice: 'Stop that controller first, or give this one another data directory.',
    cause,
  })
}
