import { WeftError } from '../errors.ts'

/**
 * Milliseconds in which a store elsewhere has to say how far it is, and to take a change: together less than the three
 * seconds in which every caller is answered, whatever it costs inside.
 */
const CATCH_UP_LIMIT = 1_300
const CHANGE_LIMIT = 1_500

/** Rejects with `store-unavailable` when it takes too long. */
export function catchUpInTime<Result>(work: Promise<Result>): Promise<Result> {
  return inTime(work, CATCH_UP_LIMIT, () => slow('It is not known what changed elsewhere'))
}

/** The same; then nobody knows whether the change was made. */
export function changeInTime<Result>(work: Promise<Result>, operation: string): Promise<Result> {
  const late = () => {
    const what = `Whether the change was made is not known (operation ${operation})`
    return slow(what, 'Retry with the same Idempotency-Key: it is made once.')
  }
  return inTime(work, CHANGE_LIMIT, late)
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
