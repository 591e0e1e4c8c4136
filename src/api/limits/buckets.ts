import { type Allowance, type Level, takeFrom } from '../../bucket.ts'
import type { Clock } from '../../clock.ts'

/** Callers that are remembered. Who was forgotten begins with a full bucket; to be forgotten, this many others must ask. */
const MOST = 50_000

/**
 * A token bucket for each caller (ITU-T I.371 has it as the leaky bucket): two numbers each, whatever they ask for, and
 * bounded in all. Those that asked longest ago are forgotten first.
 */
export class Buckets {
  readonly #clock: Clock
  readonly #levels = new Map<string, Level>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes one from the bucket of `key`. Answers 0, or the milliseconds after which there will be one again. */
  take(key: string, allowance: Allowance): number {
    const { level, isGranted } = takeFrom(allowance, this.#levels.get(key), this.#clock.monotonic())
    this.#levels.delete(key)
    this.#levels.set(key, level)
    this.#forget()
    return isGranted ? 0 : Math.ceil(((1 - level.left) / allowance.rate) * 1_000)
  }

  #forget(): void {
    if (this.#levels.size <= MOST) return
    const [oldest] = this.#levels.keys()
    if (oldest !== undefined) this.#levels.delete(oldest)
  }
}
