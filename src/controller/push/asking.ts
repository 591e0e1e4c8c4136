/** Requests for content that an agent may make at once, and again in each second. */
const AT_ONCE = 100
const A_SECOND = 5

/**
 * How often one agent may ask for what it lacks: an answer can cost an encoding of its own, and agents that follow the
 * protocol hardly ever ask. What is too much is not answered; an agent that does lack something asks again in some seconds.
 */
export class Asking {
  #left = AT_ONCE
  #at = 0

  /** @param now milliseconds by the monotonic clock */
  allows(now: number): boolean {
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#at) / 1_000) * A_SECOND)
    this.#at = now
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
