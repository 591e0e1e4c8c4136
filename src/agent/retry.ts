import type { Clock } from '../clock.ts'

/** Milliseconds; each wait is twice as long as the one before. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 30_000

/** Does something again, later and later, until it has worked. One more time waits at most, however often it fails meanwhile. */
export class Retry {
  readonly #clock: Pick<Clock, 'after'>
  readonly #again: () => void
  #failures = 0
  #cancel: (() => void) | undefined

  constructor(clock: Pick<Clock, 'after'>, again: () => void) {
    this.#clock = clock
    this.#again = again
  }

  /** It has failed. What is to be done again already is so when it was to be, and no later. */
  failed(): void {
    if (this.#cancel) return
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures)
    this.#failures += 1
    this.#cancel = this.#clock.after(wait, () => {
      this.#cancel = undefined
      this.#again()
    })
  }

  /** It has worked, or is not wanted any more. */
  over(): void {
    this.#failures = 0
    this.#cancel?.()
    this.#cancel = undefined
  }
}
