import type { Logger } from 'pino'
import { type Allowance, type Level, takeOne } from '../../bucket.ts'
import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import { attempt } from './attempt.ts'

export interface AskingTools {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
  readonly log: Pick<Logger, 'error'>
}

/** Requests for content by one agent. */
const REQUESTS: Allowance = Object.freeze({ burst: 100, rate: 5 })
/**
 * What one agent tells of itself. It looks at its addresses once a second, and tells of a port whenever it has entered a
 * network; each may be a change on the interfaces of all others.
 */
export const FACTS: Allowance = Object.freeze({ burst: 100, rate: 2 })
/** Answers that an agent is owed at most: of as many networks as it may say something about. */
const MOST_OWED = 1_000

/**
 * How often one agent may ask for what it lacks: an answer can cost an encoding of its own, and agents that follow the
 * protocol hardly ever ask. What is too much is answered later, for each subject the last request only. With another
 * allowance it bounds whatever else costs others something, and of which the last counts.
 */
export class Asking {
  readonly #node: NodeId
  readonly #tools: AskingTools
  readonly #owed = new Map<string, () => void>()
  readonly #allowance: Allowance
  #level: Level | undefined

  constructor(node: NodeId, tools: AskingTools, allowance = REQUESTS) {
    this.#node = node
    this.#tools = tools
    this.#allowance = allowance
  }

  /** Calls `answer` now, and throws what that throws; or as soon as this agent has its turn again. */
  ask(subject: string, answer: () => void): void {
    if (this.#owed.size === 0 && this.#isAllowed()) return answer()
    if (this.#owed.size === 0) this.#payLater()
    if (this.#owed.has(subject) || this.#owed.size < MOST_OWED) this.#owed.set(subject, answer)
  }

  #payLater(): void {
    const { clock, log } = this.#tools
    clock.after(1_000, () => {
      for (const [subject, answer] of this.#owed) {
        if (!this.#isAllowed()) break
        this.#owed.delete(subject)
        attempt(log, 'a late answer', answer, { node: this.#node, subject })
      }
      if (this.#owed.size > 0) this.#payLater()
    })
  }

  #isAllowed(): boolean {
    const { level, isGranted } = takeOne(this.#allowance, this.#level, this.#tools.clock.monotonic())
    this.#level = level
    return isGranted
  }
}
