import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { WeftError } from '../errors.ts'
import { keepName, makeWhole } from '../files.ts'
import { isMalformed, openReadOnly, storeError } from './database.ts'
import { type Known, type Verified, verifyLog } from './verify.ts'

/**
 * Copies the log at `path` to a new file `to` as it is at this moment, while its controller goes on writing, and verifies
 * the copy as a whole before it gets its name. Rejects with `already-exists` when there is one.
 * @param known from before the call: a log that goes on has what was kept of it
 */
export async function backupLog(path: string, to: string, known: Known = {}): Promise<Verified> {
  using database = openReadOnly(path)
  let isBegun = false
  try {
    const verified = await makeWhole(to, async (draft) => {
      isBegun = true
      try {
        copyInto(database, draft)
      } catch (cause) {
        throw storeError(cause, isMalformed(cause) ? path : to)
      }
      return await verifyLog(draft, known)
    })
    await keepName(to)
    return verified
  } catch (cause) {
    if (isTaken(cause)) throw taken(to)
    throw isBegun ? cause : cannotMake(to, cause)
  }
}

function copyInto(database: DatabaseSync, draft: string): void {
  try {
    database.prepare('VACUUM INTO ?').run(draft)
  } finally {
    rmSync(`${draft}-journal`, { force: true })
  }
}

function isTaken(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
}

function taken(path: string): WeftError {
  return new WeftError('already-exists', `There is a file ${path} already.`, {
    advice: 'Give a name that is not taken; a backup never replaces another.',
  })
}

function cannotMake(to: string, cause: unknown): WeftError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new WeftError('invalid-input', `The copy ${to} cannot be made: ${reason}.`, {
    advice: 'Name a file in a folder that exists and that you may write to.',
    cause,
  })
}
