import { WeftError } from '../../errors.ts'
import type { Row } from '../chain.ts'
import type { Head } from '../log.ts'
import type { Keys } from './keys.ts'

/** This try did nothing, and it may go in a moment. An earlier one of the same operation may still be on its way. */
export function refused(reason: string, cause?: unknown): WeftError {
  return new WeftError('store-unavailable', reason, {
    advice: 'This try changed nothing. Try again in a moment.',
    cause,
  })
}

/** Nobody knows whether it was done. */
export function unknown({ operation }: Row, reason: string, cause: unknown): WeftError {
  const message = `Whether the change was made is not known (operation ${operation}): ${reason}`
  return new WeftError('store-unavailable', message, {
    advice: 'Retry with the same Idempotency-Key: it is made once.',
    cause,
  })
}

/** Somebody deleted or altered something on the server. @param harm what: goes on from a colon */
export function notWhole(harm: string): WeftError {
  return new WeftError('log-damaged', `The log on the Redis server is not whole: ${harm}.`, {
    advice: 'No entry is written to it. Bring back the data of the server as they were: deploy/replicas.md.',
  })
}

/** The keys that somebody made anew as something else; none: nobody knows any more which it was. */
export function ofOtherType(keys: readonly string[]): WeftError {
  const [which, are] = keys.length > 1 ? [keys.join(', '), 'are'] : [keys[0] ?? 'a key of it', 'is']
  return notWhole(`${which} ${are} of another type`)
}

/**
 * When a log is to go where another one is, which ends with entry `sequence`. `isShort`: it has dropped what would tell
 * whether it is this one, which has gone on since.
 */
export function taken({ tag }: Keys, sequence: number, isShort = false): WeftError {
  const there = `under {${tag}} on the Redis server: it ends with entry ${sequence}`
  if (isShort) {
    const message = `There is a log already ${there}, and has dropped the entries that would tell whether it continues this one.`
    return new WeftError('already-exists', message, {
      field: '--redis-realm',
      advice: 'Leave it there if its controllers know what they knew. Name another realm for another log.',
    })
  }
  const message = `There is another log already ${there}.`
  return new WeftError('already-exists', message, {
    field: '--redis-realm',
    advice: `Name another realm. To remove a log for good, see "${REMOVING}" in deploy/replicas.md.`,
  })
}

/** When the log that is there is the one that was to go there, which ended with `end`, and has gone on since. */
export function continued(
  { tag }: Keys,
  { sequence }: Head,
  { head, isConfirmed }: { readonly head: Head; readonly isConfirmed: boolean },
): WeftError {
  const confirmed = isConfirmed ? ', all of them confirmed' : ', which nobody has confirmed yet'
  const message = `The log under {${tag}} on the Redis server continues this one: it has its entries up to ${sequence}${confirmed}, and ends with entry ${head.sequence}.`
  return new WeftError('already-exists', message, {
    field: '--redis-realm',
    advice: 'Nothing is to be done: leave it there. Name another realm for another log.',
  })
}

/** When a log is to go where one was that does not say any more where it ends. @param counts as REMAINS gives them */
export function remains(
  { tag }: Keys,
  [entries = '0', operations = '0', snapshots = '0']: readonly string[],
) {
  const held = `${entries} entries, ${operations} operations and ${snapshots} pieces of snapshots`
  const message = `No log is known under {${tag}} on the Redis server, but what is left of one is there: ${held}.`
  return new WeftError('already-exists', message, {
    field: '--redis-realm',
    advice: `Nothing was written over it. Save it first, with redis-cli --rdb FILE at the primary, and bring back the data of the server if they are whole elsewhere. To remove for good what is there, see "${REMOVING}" in deploy/replicas.md.`,
  })
}

/** A heading there. */
const REMOVING = 'Importing a log, and removing one'

export function conflict(expected: number, { sequence }: Head): WeftError {
  return new WeftError('conflict', `The log is at entry ${sequence}, not at ${expected}.`, {
    advice: 'Decide again on the state as it is now.',
  })
}

export function dropped({ sequence }: Head): WeftError {
  return new WeftError('not-found', `The entries of the log up to ${sequence} were dropped.`, {
    advice: 'Begin with a snapshot.',
  })
}

/** For one that had not read them yet. */
export function droppedMeanwhile({ sequence }: Head): WeftError {
  const message = `Entries up to ${sequence} were dropped before this controller had read them.`
  return new WeftError('internal', message, {
    advice: 'Start it again: it begins with a snapshot.',
  })
}
