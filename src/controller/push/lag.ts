import { Histogram, type Registry } from 'prom-client'

/** Seconds: a push is a matter of milliseconds, an agent that cannot be reached one of minutes. */
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60]

/**
 * How long changes take to reach connected agents. One series each for all of them, so their number does not matter. What an
 * agent is told when it becomes a member counts, and what one that did not read is told of a change that it missed; what one
 * is told when it connects does not, for how long it was away says nothing about this controller.
 */
export class Lag {
  readonly #now: () => number
  readonly #delivered: Histogram
  readonly #applied: Histogram

  /** @param now monotonic, in milliseconds */
  constructor(registry: Registry, now: () => number) {
    this.#now = now
    const histogram = (name: string, help: string) =>
      new Histogram({ name, help, buckets: BUCKETS, registers: [registry] })
    this.#delivered = histogram(
      'weft_change_delivered_seconds',
      'From a durable change to its frame in the socket of an agent.',
    )
    this.#applied = histogram(
      'weft_change_applied_seconds',
      'From a durable change to the word of an agent that it is applied.',
    )
  }

  /** A change that is there `since` has gone out to one agent. */
  delivered(since: number): void {
    this.#delivered.observe((this.#now() - since) / 1_000)
  }

  applied(since: number): void {
    this.#applied.observe((this.#now() - since) / 1_000)
  }
}
