import { WeftError } from '../errors.ts'

/**
 * Milliseconds in which a caller is answered, whatever the store does: less than three seconds, whatever it costs inside.
 * Of these a change keeps a part for itself: it had better be refused before it is begun than be left open.
 */
const ANSWER_LIMIT = 2_800
const CHANGE_SHARE = 1_500

/** Of one request, made when it comes in: each step takes what is left. In ms of `Clock.monotonic`. */
export interface Deadline {
  /** By when it has to be known how far the log is. */
  readonly known: number
  /** By when the caller has its answer. */
  readonly answered: number
}

/** @param now milliseconds of `Clock.monotonic`, @param kind what the request is to do */
export function deadlineOf(now: number, kind: 'read' | 'change'): Deadline {
  const answered = now + ANSWER_LIMIT
  return { known: kind === 'read' ? answered : answered - CHANGE_SHARE, answered }
}

/** Rejects with `store-unavailable` when it takes longer than `limit` ms. */
export function catchUpInTime<Result>(work: Promise<Result>, limit: number): Promise<Result> {
  return inTime(work, limit, () => slow('It is not known what changed elsewhere'))
}

/**
 * The same; then nobody knows whether the change was made. Its own part of the time is left to it, also when what went before
 * took longer, which then was not the store: a body that came slowly, keys that were made.
 */
export function changeInTime<Result>(
  work: Promise<Result>,
  limit: number,
  operation: string,
): Promise<Result> {
  const late = () => {
    const what = `Whether the change was made is not known (operation ${operation})`
    return slow(what, 'Retry with the same Idempotency-Key: it is made once.')
  }
  return inTime(work, Math.max(CHANGE_SHARE, limit), late)
}

/**
 * What a caller hears of a change for which it gave no key: when nobody knows whether it was made, nothing but a look tells.
 */
export function withoutKey(error: unknown): unknown {
  if (!(error instanceof WeftError && error.advice?.includes('Idempotency-Key'))) return error
  return new WeftError(error.code, error.message, { advice: LOOK_FIRST, cause: error.cause })
}

const LOOK_FIRST =
  'Look whether it was made, at what it was to change or in the audit, before you ask for it again. A POST with an Idempotency-Key can simply be repeated.'

/**
 * The same for what a change came to that was made before, if it has to be read in the store once more. When no time is left
 * after a change that went, it was not the store that took it: as above.
 */
export function recallInTime<Result>(work: Promise<Result>, limit: number): Promise<Result> {
  const what = 'The change was made before; what it came to is not known here'
  const late = () => slow(what, 'Retry with the same Idempotency-Key: it answers with that.')
  return inTime(work, limit > 0 ? limit : CHANGE_SHARE, late)
}

async function inTime<Result>(work: Promise<Result>, limit: number, late: () => WeftError): Promise<Result> {
  const end = Promise.withResolvers<never>()
  const timer = setTimeout(() => end.reject(late()), limit)
  try {
    return await Promise.race([work, end.promise])
  } finally {
    clearTimeout(timer)
  }
}

function slow(what: string, advice = 'Try again in a moment.'): WeftError {
  return new WeftError('store-unavailable', `${what}: the store does not answer in time.`, { advice })
}
