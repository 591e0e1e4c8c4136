import { setTimeout as wait } from 'node:timers/promises'
import { toWeftError } from '../errors.ts'

/** Milliseconds between two tries. */
const RETRY_WAIT = 500

/**
 * Does it again while the store refuses at the moment, or does not say what it did, for `patience` ms: so it has to be
 * something that can be done twice. Rejects with what came of the last try.
 */
export async function patiently<Result>(patience: number, action: () => Promise<Result>): Promise<Result> {
  const end = performance.now() + patience
  for (;;) {
    try {
      return await action()
    } catch (error) {
      const passes = toWeftError(error).code === 'store-unavailable'
      if (!passes || performance.now() + RETRY_WAIT > end) throw error
      await wait(RETRY_WAIT)
    }
  }
}
