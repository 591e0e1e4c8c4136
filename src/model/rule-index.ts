import { type Allowance, allowanceOf, type Rule } from './policy.ts'

/** All rules that go from one selector to one other. */
interface Bundle {
  /** Tells bundles of one index apart. */
  readonly number: number
  readonly rules: Rule[]
}

/**
 * The rules of a policy by the two selectors that they speak of: what they say about a pair takes as long as the two match
 * selectors, however many rules there are. What the same rules permit together is worked out once.
 */
export class RuleIndex {
  readonly #bundles = new Map<string, Map<string, Bundle>>()
  readonly #sources = new Map<string, Set<string>>()
  readonly #allowances = new Map<string, Allowance>()
  readonly #byText = new Map<string, Allowance>()

  constructor(rules: readonly Rule[]) {
    for (const [number, rule] of rules.entries()) this.#add(rule, number)
  }

  /** What the rules from any of these selectors to any of those permit; undefined where there is none. One value for the same. */
  allowance(from: readonly string[], to: readonly string[]): Allowance | undefined {
    const bundles = this.#between(from, to)
    const [first] = bundles
    if (!first) return undefined
    const name = bundles.length === 1 ? String(first.number) : bundles.map(({ number }) => number).join()
    const known =
      this.#allowances.get(name) ?? this.#unique(allowanceOf(bundles.flatMap(({ rules }) => rules)))
    this.#allowances.set(name, known)
    return known
  }

  /** Whether there is a rule from any of these selectors to any of those. */
  speaks(from: readonly string[], to: readonly string[]): boolean {
    return from.some((each) => {
      const bundles = this.#bundles.get(each)
      return bundles !== undefined && to.some((other) => bundles.has(other))
    })
  }

  /** Selectors that rules from this one lead to. */
  targets(from: string): Iterable<string> {
    return this.#bundles.get(from)?.keys() ?? []
  }

  /** Selectors from which rules lead to this one. */
  sources(to: string): Iterable<string> {
    return this.#sources.get(to) ?? []
  }

  /** Whether a rule says what members may open that this selects. */
  opens(selector: string): boolean {
    return this.#bundles.has(selector)
  }

  /** Whether for each rule there is one the other way. */
  get isMutual(): boolean {
    return [...this.#bundles].every(([from, bundles]) =>
      [...bundles.keys()].every((to) => this.#bundles.get(to)?.has(from)),
    )
  }

  #add(rule: Rule, number: number): void {
    const { from, to } = rule
    const bundles = this.#bundles.get(from) ?? new Map<string, Bundle>()
    this.#bundles.set(from, bundles)
    const bundle = bundles.get(to)
    if (bundle) bundle.rules.push(rule)
    else bundles.set(to, { number, rules: [rule] })
    this.#sources.set(to, (this.#sources.get(to) ?? new Set()).add(from))
  }

  #between(from: readonly string[], to: readonly string[]): Bundle[] {
    return from.flatMap((each) => {
      const bundles = this.#bundles.get(each)
      return bundles ? to.flatMap((other) => bundles.get(other) ?? []) : []
    })
  }

  #unique(allowance: Allowance): Allowance {
    const text = JSON.stringify(allowance)
    const known = this.#byText.get(text) ?? allowance
    this.#byText.set(text, known)
    return known
  }
}
