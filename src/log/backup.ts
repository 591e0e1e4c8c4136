import { constants } from 'node:fs'
import { access, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WeftError } from '../errors.ts'
import { createFile, openReadOnly, storeError } from './database.ts'
import { type Verified, verifyLog } from './verify.ts'

/**
 * Copies the log at `path` to a new file `to` as it is at this moment, while its controller goes on writing, and verifies
 * the copy as a whole. When anything fails, no file is left. Rejects with `already-exists` when there is one.
 */
export async function backupLog(path: string, to: string): Promise<Verified> {
  if (await exists(to)) throw taken(to)
  using database = openReadOnly(path)
  try {
    createFile(to)
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

async function sync(path: string): Promise<void> {
  await using handle = await open(path)
  await handle.sync()
}

function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
}

function taken(path: string): WeftError {
  return new WeftError('already-exists', `There is a file ${path} already.`, {
    advice: 'Give a name that is not taken; a backup never replaces another.',
  })
}
