import type { Clock } from '../../clock.ts'

/** The pushes of a large network take one part of so many at most: the rest is for those who acknowledge, and all others. */
const SHARE = 5
/** But no change waits longer than so many times the gathering time. */
const LONGEST = 10

/** How soon one push of a network may follow the other: changes in between go together. */
export class Pace {
  readonly #clock: Clock
  readonly #gathering: number
  #next = Number.NEGATIVE_INFINITY

  /** @param gathering milliseconds from one push to the next, where pushing takes hardly any time */
  constructor(clock: Clock, gathering: number) {
    this.#clock = clock
    this.#gathering = gathering
  }

  /** Milliseconds until the next push is due; 0 or less: it is. */
  get wait(): number {
    return this.#next - this.#clock.monotonic()
  }

  /** Pushes, and takes note of how long that takes. Gives when it is over, if it goes on in later turns. */
  run(push: () => unknown): Promise<void> | undefined {
    const start = this.#clock.monotonic()
    this.#next = start + this.#gathering
    const rest = push()
    if (rest instanceof Promise) return rest.then(() => this.#rest(start))
    this.#rest(start)
    return undefined
  }

  #rest(start: number): void {
    const took = this.#clock.monotonic() - start
    this.#next = start + Math.max(this.#gathering, Math.min(took * SHARE, this.#gathering * LONGEST))
  }
}
