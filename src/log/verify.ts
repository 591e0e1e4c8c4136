import type { DatabaseSync } from 'node:sqlite'
import { WeftError } from '../errors.ts'
import { checkLink, damaged, EMPTY, headOf } from './chain.ts'
import { openReadOnly, storeError } from './database.ts'
import type { Head } from './log.ts'
import { baseOf, SELECT, toRow } from './store.ts'

export interface Verified {
  /** How many there are. */
  readonly entries: number
  readonly head: Head
}

/**
 * Reads a whole log, whether or not its controller runs, and changes nothing. Rejects with `log-damaged`, naming the
 * first bad entry, or with `invalid-config` when there is no log.
 * @param known where the log once stood, as kept elsewhere: only that shows whether its end was cut off
 */
export async function verifyLog(path: string, known: Head = EMPTY): Promise<Verified> {
  using database = openReadOnly(path)
  const head = walk(database, path, known)
  if (head.sequence < known.sequence) {
    throw damaged(head.sequence + 1, `is missing: the end is cut off, up to entry ${known.sequence} at least`)
  }
  checkFile(database, path, head)
  return { entries: head.sequence, head }
}

function walk(database: DatabaseSync, path: string, known: Head): Head {
  let last = EMPTY
  try {
    last = baseOf(database)
    for (const record of database.prepare(`${SELECT} ORDER BY sequence`).iterate()) {
      last = headOf(checkLink(last, toRow(record)))
      if (last.sequence === known.sequence && last.hash !== known.hash) {
        throw damaged(last.sequence, 'is not the one that was known')
      }
    }
    return last
  } catch (cause) {
    if (cause instanceof WeftError) throw cause
    const error = storeError(cause, path)
    throw error.code === 'log-damaged'
      ? damaged(last.sequence + 1, `cannot be read. ${error.message}`)
      : error
  }
}

/** What the chain cannot see: the index by operation, and pages that hold no entry. */
function checkFile(database: DatabaseSync, path: string, { sequence }: Head): void {
  const found = integrityOf(database)
  if (found === 'ok') return
  const message = `The ${sequence} entries of the log fit the chain, but ${path} is damaged: ${found}.`
  throw new WeftError('log-damaged', message, { advice: 'Stop the controller and restore a backup.' })
}

function integrityOf(database: DatabaseSync): unknown {
  try {
    return database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check
  } catch (cause) {
    return cause
  }
}
