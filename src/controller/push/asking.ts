import type { Logger } from 'pino'
import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import { attempt } from './attempt.ts'
import type { NodeBuckets } from './bounds.ts'

export interface AskingTools {
  readonly clock: Pick<Clock, 'after'>
  readonly log: Pick<Logger, 'error'>
}

/** Answers that an agent is owed at most: of as many networks as it may say something about. */
const MOST_OWED = 1_000
/** Characters that may be kept of what it said until then: some 4 KB for each, where a head has 200 bytes. */
const MOST_KEPT = 4_000_000

interface Owed {
  readonly answer: () => void
  readonly kept: number
}

/** Of an answer to something long. */
export interface Long {
  /** Characters of what the agent said that the answer keeps. */
  readonly kept: number
  /** What is done in place of it where too much is kept already. */
  readonly instead: () => void
}

/**
 * How often one agent may ask for what it lacks: an answer can cost an encoding of its own, and agents that follow the
 * protocol hardly ever ask. What is too much is answered later, for each subject the last request only. With other buckets it
 * bounds whatever else costs others something, and of which the last counts.
 */
export class Asking {
  readonly #node: NodeId
  readonly #tools: AskingTools
  readonly #owed = new Map<string, Owed>()
  #kept = 0
  readonly #buckets: NodeBuckets

  constructor(node: NodeId, buckets: NodeBuckets, tools: AskingTools) {
    this.#node = node
    this.#buckets = buckets
    this.#tools = tools
  }

  /** Calls `answer` now, and throws what that throws; or as soon as this agent has its turn again. */
  ask(subject: string, answer: () => void, long?: Long): void {
    if (this.#owed.size === 0 && this.#buckets.take(this.#node)) return answer()
    const before = this.#owed.get(subject)
    if (!before && this.#owed.size === MOST_OWED) return
    if (this.#owed.size === 0) this.#payLater()
    this.#kept -= before?.kept ?? 0
    const isTooMuch = long !== undefined && this.#kept + long.kept > MOST_KEPT
    const owed = isTooMuch ? { answer: long.instead, kept: 0 } : { answer, kept: long?.kept ?? 0 }
    this.#owed.set(subject, owed)
    this.#kept += owed.kept
  }

  /** Nobody waits for an answer any more. */
  end(): void {
    this.#owed.clear()
    this.#kept = 0
  }

  #payLater(): void {
    const { clock, log } = this.#tools
    clock.after(1_000, () => {
      for (const [subject, { answer, kept }] of this.#owed) {
        if (!this.#buckets.take(this.#node)) break
        this.#owed.delete(subject)
        this.#kept -= kept
        attempt(log, 'a late answer', answer, { node: this.#node, subject })
      }
      if (this.#owed.size > 0) this.#payLater()
    })
  }
}
