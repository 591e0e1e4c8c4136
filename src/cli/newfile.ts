import { type FileHandle, open } from 'node:fs/promises'
import { WeftError } from '../errors.ts'

/** A file that was not there before, for its owner only. Rejects in words that help. @param field the option that names it */
export async function openNew(file: string, field: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (code === 'EEXIST') {
      const advice = 'Choose another name, or take it away: nothing is written over.'
      throw new WeftError('already-exists', `The file ${file} exists.`, { field, advice, cause })
    }
    throw new WeftError('invalid-input', `The file ${file} cannot be made: ${REASONS[code] ?? code}.`, {
      field,
      cause,
    })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'you may not write there',
  EROFS: 'nothing can be written there',
  ENOSPC: 'there is no space left',
}
