import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WeftError } from '../errors.ts'
import { sync, unfinished } from '../files.ts'
import { reasonFor } from './writing.ts'

/**
 * Makes a file that was not there before, for its owner only, of what `write` puts into it. When this resolves a power cut
 * does not take it away; when it fails, or is stopped, nothing is left of it, unless it is whole. Rejects in words that help.
 * @param field the option that names it
 */
export async function writeNew<Result>(
  file: string,
  field: string,
  write: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  await using handle = await openNew(file, field)
  const result = await writeWhole(handle, file, field, write)
  await keepName(file, field)
  return result
}

async function writeWhole<Result>(
  handle: FileHandle,
  file: string,
  field: string,
  write: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  using _ = unfinished(file)
  try {
    const result = await write(handle)
    await handle.sync()
    return result
  } catch (cause) {
    await rm(file, { force: true })
    throw cutOff(file, field, cause)
  }
}

/** What folders answer that cannot be opened or have no fsync: one may write there all the same, and no more can be done. */
const WITHOUT_SYNC: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'ENOSYS'])

/** The name of a file that is whole on the disk. */
async function keepName(file: string, field: string): Promise<void> {
  try {
    await sync(dirname(file))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && WITHOUT_SYNC.has(cause.code)) return
    const message = `The file ${file} is whole, but its folder cannot be written to the disk: ${reasonFor(cause)}.`
    throw new WeftError('unsupported', message, {
      field,
      advice: 'It was left there. A power cut may take it away: copy it to another place.',
      cause,
    })
  }
}

async function openNew(file: string, field: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      const advice = 'Choose another name, or take it away: nothing is written over.'
      throw new WeftError('already-exists', `The file ${file} exists.`, { field, advice, cause })
    }
    const message = `The file ${file} cannot be made: ${reasonFor(cause)}.`
    throw new WeftError('invalid-input', message, { field, cause })
  }
}

/** What goes wrong with what is written has words of its own already. */
function cutOff(file: string, field: string, cause: unknown): unknown {
  if (cause instanceof WeftError || !(cause instanceof Error && 'syscall' in cause)) return cause
  return new WeftError('unsupported', `The file ${file} cannot be written: ${reasonFor(cause)}.`, {
    field,
    advice: 'Nothing is left of it. Do it again when that is mended, or at another place.',
    cause,
  })
}
