import { readFile } from 'node:fs/promises'
import { WeftError } from '../../errors.ts'
import { replaceFile } from '../../files.ts'
import type { Log } from '../../log/log.ts'
import { checkSignedHead, parseSignedHead, type SignedHead } from '../../log/signedhead.ts'
import { headAt } from '../../log/snapshot.ts'
import type { State } from '../../model/state.ts'

/** Where a controller writes how far its log is, unless the settings say otherwise; in its data directory. */
export const HEAD_FILE = 'head.json'

/** Replaces what is in `file`. It is whole at any moment. */
export function writeKeptHead(file: string, head: SignedHead): Promise<void> {
  return replaceFile(file, `${JSON.stringify(head)}\n`)
}

/** Undefined when there is no such file. */
export async function readKeptHead(file: string): Promise<SignedHead | undefined> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw unusable(file, cause)
  })
  return text === undefined ? undefined : parseSignedHead(text, file)
}

/**
 * What `log` lacks of what it was when `head` was written down, because its end was cut off or an old copy was restored;
 * undefined when it lacks nothing, or has been given a new epoch since. Rejects with `log-damaged` when the head is not of
 * this controller.
 */
export async function whatIsMissing(
  head: SignedHead,
  log: Log,
  { authority, epoch }: State,
): Promise<string | undefined> {
  if (authority) checkSignedHead(head, authority.publicKey)
  if (epoch > head.epoch) return undefined
  const then = `On ${new Date(head.at).toISOString()} the log had ${head.sequence} entries`
  const { sequence } = log.head()
  if (sequence < head.sequence) return `${then}, but now it ends with entry ${sequence}.`
  if (head.sequence < (await log.base()).sequence) return undefined
  const { hash } = await headAt(log, head.sequence)
  return hash === head.hash ? undefined : `${then}, but entry ${head.sequence} is another one now.`
}

function unusable(file: string, cause: NodeJS.ErrnoException): WeftError {
  return new WeftError('invalid-config', `${file} cannot be read: ${cause.message}.`, {
    field: 'headFile',
    cause,
  })
}
