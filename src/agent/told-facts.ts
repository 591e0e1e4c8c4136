import type { Clock } from '../clock.ts'
import type { Facts } from '../protocol/frames.ts'

/** Milliseconds by which a clock has to be set for that to be told; less is drift, and harms nobody. */
const CLOCK_JUMP = 5_000

/** What the controller was told of this node: whether there is something new. */
export class ToldFacts {
  readonly #clock: Clock
  #text = ''
  /** When the clock that never jumps began, by the one that does, as it was when facts were told. */
  #epoch = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether they are others, or somebody has set the clock since. */
  isNews(facts: Facts): boolean {
    const isJump = Math.abs(this.#clock.now() - this.#clock.monotonic() - this.#epoch) > CLOCK_JUMP
    return isJump || JSON.stringify(facts) !== this.#text
  }

  /** The facts, which count as told, with the time at which they are. */
  tell(facts: Facts): Facts {
    this.#text = JSON.stringify(facts)
    this.#epoch = this.#clock.now() - this.#clock.monotonic()
    return { ...facts, time: Math.max(0, Math.round(this.#clock.now())) }
  }
}
