import type { Clock } from '../../src/clock.ts'

/** Time that passes only when told to. */
export class HandClock implements Clock {
  #now = 0
  readonly #alarms = new Set<{ readonly at: number; readonly action: () => void }>()

  now(): number {
    return 1_700_000_000_000 + this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(delay: number, action: () => void): () => void {
    const alarm = { at: this.#now + delay, action }
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  /** Lets `length` ms pass and calls what falls due, in its order. */
  advance(length: number): void {
    const end = this.#now + length
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = next.at
      this.#alarms.delete(next)
      next.action()
    }
    this.#now = end
  }

  #next(end: number) {
    const [first] = [...this.#alarms].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
    return first
  }
}
