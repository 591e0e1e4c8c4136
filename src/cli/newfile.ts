import { type FileHandle, open } from 'node:fs/promises'
import { WeftError } from '../errors.ts'
import { keepName, makeWhole } from '../files.ts'
import { reasonFor } from './writing.ts'

/**
 * Makes a file that was not there before, for its owner only, of what `write` puts into it. When this resolves a power cut
 * does not take it away; when it fails, or is stopped, there is none. Rejects in words that help.
 * @param field the option that names it
 */
export async function writeNew<Result>(
  file: string,
  field: string,
  write: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const result = await writeWhole(file, field, write)
  await keepNameOf(file, field)
  return result
}

async function writeWhole<Result>(
  file: string,
  field: string,
  write: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  let isBegun = false
  try {
    return await makeWhole(file, async (draft) => {
      isBegun = true
      await using handle = await open(draft, 'w')
      return await write(handle)
    })
  } catch (cause) {
    if (isTaken(cause)) throw taken(file, field, cause)
    throw isBegun ? cutOff(file, field, cause) : cannotMake(file, field, cause)
  }
}

/** A file that is whole is left there, also where this fails. */
async function keepNameOf(file: string, field: string): Promise<void> {
  try {
    await keepName(file)
  } catch (cause) {
    const message = `The file ${file} is whole, but its folder cannot be written to the disk: ${reasonFor(cause)}.`
    throw new WeftError('unsupported', message, {
      field,
      advice: 'It was left there. A power cut may take it away: copy it to another place.',
      cause,
    })
  }
}

function isTaken(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
}

function taken(file: string, field: string, cause: unknown): WeftError {
  const advice = 'Choose another name, or take it away: nothing is written over.'
  return new WeftError('already-exists', `The file ${file} exists.`, { field, advice, cause })
}

function cannotMake(file: string, field: string, cause: unknown): WeftError {
  return new WeftError('invalid-input', `The file ${file} cannot be made: ${reasonFor(cause)}.`, {
    field,
    cause,
  })
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
