import type { Logger } from 'pino'
import { type Allowance, type Level, takeOne } from '../../bucket.ts'
import type { Clock } from '../../clock.ts'

/**
 * Lines by one agent: enough to see what is wrong with each of its networks, and far too few to fill a disk (16 KB a minute
 * when each has the longest reason there is).
 */
const ALLOWANCE: Allowance = Object.freeze({ burst: 30, rate: 0.5 })
/** Repairs that are written of one report, which may tell of a hundred. */
const MOST_REPAIRS = 10

/** What one agent can make us write into our log: the first of many lines, and how many were left out before the next. */
export class Remarks {
  readonly #clock: Pick<Clock, 'monotonic'>
  #level: Level | undefined
  #leftOut = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  warn(log: Pick<Logger, 'warn'>, what: Readonly<Record<string, unknown>>, text: string): void {
    const { level, isGranted } = takeOne(ALLOWANCE, this.#level, this.#clock.monotonic())
    this.#level = level
    if (!isGranted) {
      this.#leftOut += 1
      return
    }
    log.warn(this.#leftOut > 0 ? { ...what, leftOut: this.#leftOut } : what, text)
    this.#leftOut = 0
  }
}

/** The first of the repairs that an agent tells of, with how many more there are. */
export function firstOf(drift: readonly string[]): {
  readonly drift: readonly string[]
  readonly more?: number
} {
  const more = drift.length - MOST_REPAIRS
  return more > 0 ? { drift: drift.slice(0, MOST_REPAIRS), more } : { drift }
}
