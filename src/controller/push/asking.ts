import { type Allowance, type Level, takeOne } from '../../bucket.ts'
import type { Clock } from '../../clock.ts'

/** Requests for content by one agent. */
const ALLOWANCE: Allowance = Object.freeze({ burst: 100, rate: 5 })
/** Answers that an agent is owed at most: of as many networks as it may say something about. */
const MOST_OWED = 1_000

/**
 * How often one agent may ask for what it lacks: an answer can cost an encoding of its own, and agents that follow the
 * protocol hardly ever ask. What is too much is answered later, for each subject the last request only.
 */
export class Asking {
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>
  readonly #owed = new Map<string, () => void>()
  #level: Level | undefined

  constructor(clock: Pick<Clock, 'monotonic' | 'after'>) {
    this.#clock = clock
  }

  /** Calls `answer` now, or as soon as this agent has its turn again. */
  ask(subject: string, answer: () => void): void {
    if (this.#owed.size === 0 && this.#isAllowed()) return answer()
    if (this.#owed.size === 0) this.#payLater()
    if (this.#owed.has(subject) || this.#owed.size < MOST_OWED) this.#owed.set(subject, answer)
  }

  #payLater(): void {
    this.#clock.after(1_000, () => {
      for (const [subject, answer] of this.#owed) {
        if (!this.#isAllowed()) break
        this.#owed.delete(subject)
        answer()
      }
      if (this.#owed.size > 0) this.#payLater()
    })
  }

  #isAllowed(): boolean {
    const { level, isGranted } = takeOne(ALLOWANCE, this.#level, this.#clock.monotonic())
    this.#level = level
    return isGranted
  }
}
