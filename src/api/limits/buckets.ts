import type { Clock } from '../../clock.ts'

/** How much one caller may ask for: `burst` at once, and then `rate` a second. */
export interface Allowance {
  readonly rate: number
  readonly burst: number
}

interface Level {
  left: number
  at: number
}

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
  take(key: string, { rate, burst }: Allowance): number {
    const now = this.#clock.monotonic()
    const { left, at } = this.#levels.get(key) ?? { left: burst, at: now }
    const filled = Math.min(burst, left + ((now - at) / 1_000) * rate)
    const granted = filled >= 1
    this.#levels.delete(key)
    this.#levels.set(key, { left: granted ? filled - 1 : filled, at: now })
    this.#forget()
    return granted ? 0 : Math.ceil(((1 - filled) / rate) * 1_000)
  }

  #forget(): void {
    if (this.#levels.size <= MOST) return
    const [oldest] = this.#levels.keys()
    if (oldest !== undefined) this.#levels.delete(oldest)
  }
}
