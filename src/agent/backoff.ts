import type { Random } from '../keys/random.ts'

const FIRST = 500
const LONGEST = 30_000

/**
 * Exponential backoff with full jitter: any wait from 0 to the current ceiling, so that agents that lost the same
 * controller at the same moment do not come back at the same moment (Brooker, "Exponential Backoff And Jitter", 2015).
 */
export class Backoff {
  readonly #random: Random
  #failures = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Milliseconds to wait before the next try. */
  next(): number {
    const ceiling = Math.min(LONGEST, FIRST * 2 ** this.#failures)
    this.#failures += 1
    return this.within(ceiling)
  }

  /** A moment within `span` ms. */
  within(span: number): number {
    return (span * Buffer.from(this.#random(4)).readUInt32BE()) / 2 ** 32
  }

  succeeded(): void {
    this.#failures = 0
  }
}
