import type { Allowance } from '../../model/policy.ts'
import { type Class, NOBODY, type Regime } from './regime.ts'

/** What members of one class let in, by what who opens a flow may open (Class.opener). */
export interface ClassFilter {
  /** For all that are not listed; whoever has no opener is never listed. */
  readonly others: Allowance
  readonly openers: ReadonlyMap<string, Allowance>
}

/** What one class lets in, as those that it sees come and go: one more is one look at the policy, and not one for each. */
export class Gate {
  readonly #regime: Regime
  readonly #own: Class
  readonly #others: Allowance
  /** How many classes are seen, by opener. */
  readonly #seen = new Map<string, number>()
  /** What is let in otherwise than from all others. */
  readonly #openers = new Map<string, Allowance>()
  /** Openers that are seen and may not open everything. */
  #limited = 0
  /** Absent: to be made anew. */
  #known: { readonly filter: ClassFilter | undefined } | undefined

  constructor(regime: Regime, own: Class, seen: Iterable<Class> = []) {
    this.#regime = regime
    this.#own = own
    this.#others = regime.opens(NOBODY, own)
    for (const each of seen) this.come(each)
  }

  /** Undefined when all that are seen may open everything. The same until another is needed. */
  get filter(): ClassFilter | undefined {
    this.#known ??= {
      filter: this.#limited === 0 ? undefined : { others: this.#others, openers: new Map(this.#openers) },
    }
    return this.#known.filter
  }

  /** A class is seen from now on. */
  come(one: Class): void {
    const count = this.#seen.get(one.opener) ?? 0
    this.#seen.set(one.opener, count + 1)
    if (count > 0) return
    const allowance = this.#regime.opens(one, this.#own)
    if (allowance !== this.#others) this.#list(one.opener, allowance)
    if (allowance !== 'everything') this.#limit(1)
  }

  /** A class is seen no longer. */
  go({ opener }: Class): void {
    const count = this.#seen.get(opener) ?? 0
    if (count > 1) {
      this.#seen.set(opener, count - 1)
      return
    }
    this.#seen.delete(opener)
    const allowance = this.#openers.get(opener) ?? this.#others
    if (this.#openers.delete(opener)) this.#known = undefined
    if (allowance !== 'everything') this.#limit(-1)
  }

  #list(opener: string, allowance: Allowance): void {
    this.#openers.set(opener, allowance)
    this.#known = undefined
  }

  #limit(by: 1 | -1): void {
    const had = this.#limited > 0
    this.#limited += by
    if (had !== this.#limited > 0) this.#known = undefined
  }
}
