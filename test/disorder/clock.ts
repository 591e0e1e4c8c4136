import { type Clock, systemClock } from '../../src/clock.ts'

/** From here on (ms) a wait is one for better times and not part of the work. */
const LONG = 5_000

/** Time as it is, but the long waits are over when the test says so; and the time of day can be anything. */
export class PatientClock implements Clock {
  readonly #long = new Set<() => void>()
  #shift = 0

  now(): number {
    return systemClock.now() + this.#shift
  }

  monotonic(): number {
    return systemClock.monotonic()
  }

  after(delay: number, action: () => void): () => void {
    if (delay < LONG) return systemClock.after(delay, action)
    this.#long.add(action)
    return () => this.#long.delete(action)
  }

  /** Sets the clock on the wall by so many ms. */
  jump(by: number): void {
    this.#shift += by
  }

  /** All that was to happen after a long time happens now. */
  passTime(): void {
    const due = [...this.#long]
    this.#long.clear()
    for (const action of due) action()
  }
}
