import type { Logger } from 'pino'
import type { NodeId } from '../../keys/identity.ts'
import type { NodeBuckets } from './bounds.ts'

/** Repairs that are written of one report, which may tell of a hundred. */
const MOST_REPAIRS = 10

/** What one agent can make us write into our log: the first of many lines, and how many were left out before the next. */
export class Remarks {
  readonly #node: NodeId
  readonly #buckets: NodeBuckets
  #leftOut = 0

  constructor(node: NodeId, buckets: NodeBuckets) {
    this.#node = node
    this.#buckets = buckets
  }

  /** For the next line of it, whatever that is. */
  get leftOut(): { readonly leftOut?: number } {
    return this.#leftOut > 0 ? { leftOut: this.#leftOut } : {}
  }

  warn(log: Pick<Logger, 'warn'>, what: Readonly<Record<string, unknown>>, text: string): void {
    if (!this.#buckets.take(this.#node)) {
      this.#leftOut += 1
      return
    }
    log.warn({ ...what, ...this.leftOut }, text)
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
