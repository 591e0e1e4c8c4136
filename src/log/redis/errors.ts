import { WeftError } from '../../errors.ts'
import type { Row } from '../chain.ts'
import type { Head } from '../log.ts'

/** Nothing was done, and it may go in a moment. */
export function refused(reason: string, cause?: unknown): WeftError {
  return new WeftError('store-unavailable', reason, {
    advice: 'Nothing was changed. Try again in a moment.',
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
    advice: 'Nothing is written to it. Bring back the data of the server as they were: deploy/replicas.md.',
  })
}

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
