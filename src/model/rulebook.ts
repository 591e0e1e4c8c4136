import { WeftError } from '../errors.ts'
import type { Allowance, Policy } from './policy.ts'
import { RuleIndex } from './rule-index.ts'
import { matches, parseSelector, type Selector, type Subject } from './selector.ts'

/** The selectors of a policy that a member matches, sorted; `*` is none of them, as everybody matches it. */
export type Matched = readonly string[]

/**
 * A policy made ready for questions. What two members may do depends on nothing but what each of them matches, so members
 * that match the same are one class, and all is worked out once for a class.
 */
export class Rulebook {
  readonly isDefaultAllow: boolean
  /** Whether members that are peers may open everything to each other, so that there is nothing to be filtered. */
  readonly isPlain: boolean
  readonly #selectors = new Map<string, Selector>()
  /** Selectors that can match a node with this label and value, or with this id. */
  readonly #byFeature = new Map<string, string[]>()
  readonly #rules: RuleIndex

  /** @param policy as the log has it: whoever wrote it checked it */
  constructor(policy: Policy) {
    this.isDefaultAllow = policy.default === 'allow'
    this.#rules = new RuleIndex(policy.rules)
    const isLimited = policy.rules.some(({ protocols, ports }) => protocols || ports)
    this.isPlain = !isLimited && (this.isDefaultAllow || this.#rules.isMutual)
    for (const text of new Set(policy.rules.flatMap(({ from, to }) => [from, to]))) this.#index(text)
  }

  /** Of a policy, made once. */
  static of(policy: Policy): Rulebook {
    const known = rulebooks.get(policy) ?? new Rulebook(policy)
    rulebooks.set(policy, known)
    return known
  }

  matched(subject: Subject): Matched {
    const features = [
      subject.id,
      ...Object.entries(subject.labels).map(([label, value]) => `${label}=${value}`),
    ]
    const candidates = features.flatMap((feature) => this.#byFeature.get(feature) ?? [])
    return candidates
      .filter((text) => {
        const selector = this.#selectors.get(text)
        return selector !== undefined && matches(selector, subject)
      })
      .toSorted()
  }

  /** Those of which some rule says what they may open: nothing else of what a member matches counts for that. */
  opening(matched: Matched): Matched {
    return matched.filter((selector) => this.#rules.opens(selector))
  }

  /** What a member that matches `from` may open to one that matches `to`; the same value where it is the same. */
  opens(from: Matched, to: Matched): Allowance {
    const nothingSaid = this.isDefaultAllow ? 'everything' : NOTHING
    return this.#rules.allowance([ALL, ...from], [ALL, ...to]) ?? nothingSaid
  }

  /** Whether either may open anything to the other, which makes them peers. */
  permits(a: Matched, b: Matched): boolean {
    if (this.isDefaultAllow) return true
    const [one, other] = [
      [ALL, ...a],
      [ALL, ...b],
    ]
    return this.#rules.speaks(one, other) || this.#rules.speaks(other, one)
  }

  /** Selectors of which a member has to match one (`*` among them: or none), to be permitted with one that matches these. */
  partners(own: Matched): ReadonlySet<string> {
    const selectors = [ALL, ...own]
    return new Set(selectors.flatMap((each) => [...this.#rules.targets(each), ...this.#rules.sources(each)]))
  }

  #index(text: string): void {
    const selector = parseSelector(text)
    if (!selector) throw new WeftError('log-damaged', 'The log holds a policy with a selector that is none.')
    if (selector.kind === 'all') return
    this.#selectors.set(text, selector)
    const feature = selector.kind === 'node' ? selector.node : selector.labels[0]?.join('=')
    if (feature === undefined) return
    const known = this.#byFeature.get(feature)
    if (known) known.push(text)
    else this.#byFeature.set(feature, [text])
  }
}

const ALL = '*'
const NOTHING: Allowance = Object.freeze([])
const rulebooks = new WeakMap<Policy, Rulebook>()
