import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { toWeftError, WeftError } from '../errors.ts'
import { sync, unfinished } from '../files.ts'
import { createFile, openReadOnly, storeError } from './database.ts'
import { type Known, type Verified, verifyLog } from './verify.ts'

/**
 * Copies the log at `path` to a new file `to` as it is at this moment, while its controller goes on writing, and verifies
 * the copy as a whole. When anything fails, or is stopped, no file is left. Rejects with `already-exists` when there is one.
 * @param known from before the call: a log that goes on has what was kept of it
 */
export async function backupLog(path: string, to: string, known: Known = {}): Promise<Verified> {
  using database = openReadOnly(path)
  // Only who made the file may take it away again: another backup may be at it.
  if (!makeFile(to)) throw taken(to)
  using _ = unfinished(to)
  try {
    try {
      database.prepare('VACUUM INTO ?').run(to)
    } catch (cause) {
      throw storeError(cause, to)
    }
    await sync(to)
    await sync(dirname(to))
    return await verifyLog(to, known)
  } catch (error) {
    for (const ending of ['', '-journal']) await rm(to + ending, { force: true })
    throw error
  }
}

/** As `createFile`, which speaks of the log that is to be there. */
function makeFile(to: string): boolean {
  try {
    return createFile(to)
  } catch (error) {
    const { cause } = toWeftError(error)
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WeftError('invalid-input', `The copy ${to} cannot be made: ${reason}.`, {
      advice: 'Name a file in a folder that exists and that you may write to.',
      cause,
    })
  }
}

function taken(path: string): WeftError {
  return new WeftError('already-exists', `There is a file ${path} already.`, {
    advice: 'Give a name that is not taken; a backup never replaces another.',
  })
}
