import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WeftError } from '../errors.ts'
import { sync } from '../files.ts'
import { createFile, openReadOnly, storeError } from './database.ts'
import { type Verified, verifyLog } from './verify.ts'

/**
 * Copies the log at `path` to a new file `to` as it is at this moment, while its controller goes on writing, and verifies
 * the copy as a whole. When anything fails, no file is left. Rejects with `already-exists` when there is one.
 */
export async function backupLog(path: string, to: string): Promise<Verified> {
  using database = openReadOnly(path)
  // Only who made the file may take it away again: another backup may be at it.
  if (!createFile(to)) throw taken(to)
  try {
    try {
      database.prepare('VACUUM INTO ?').run(to)
    } catch (cause) {
      throw storeError(cause, to)
    }
    await sync(to)
    await sync(dirname(to))
    return await verifyLog(to)
  } catch (error) {
    await rm(to, { force: true })
    throw error
  }
}

function taken(path: string): WeftError {
  return new WeftError('already-exists', `There is a file ${path} already.`, {
    advice: 'Give a name that is not taken; a backup never replaces another.',
  })
}
