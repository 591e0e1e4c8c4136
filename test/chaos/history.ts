/** What is known of an operation: not answered yet, done with this result, refused, or either (the connection broke). */
type Outcome =
  | { readonly kind: 'under-way' | 'refused' | 'unknown' }
  | { readonly kind: 'done'; readonly result: string }

/**
 * What callers asked for and were told, over many lives of a controller. In the end every acknowledged operation must have
 * happened exactly once with the result that was told; an unknown one may have happened or not; a refused one must not.
 */
export class History {
  readonly #outcomes = new Map<string, Outcome>()
  readonly #contradictions: string[] = []

  invoke(operation: string): void {
    if (!this.#outcomes.has(operation)) this.#outcomes.set(operation, { kind: 'under-way' })
  }

  ok(operation: string, result: string): void {
    const before = this.#outcomes.get(operation)
    if (before?.kind === 'done' && before.result !== result)
      this.#contradictions.push(`${operation} was answered with ${before.result}, and later with ${result}`)
    this.#outcomes.set(operation, { kind: 'done', result })
  }

  fail(operation: string): void {
    if (this.#outcomes.get(operation)?.kind === 'done')
      this.#contradictions.push(`${operation} was done, and was refused when it was asked for again`)
    else this.#outcomes.set(operation, { kind: 'refused' })
  }

  unknown(operation: string): void {
    if (this.#outcomes.get(operation)?.kind !== 'done') this.#outcomes.set(operation, { kind: 'unknown' })
  }

  /** Those of which nobody knows what became of them. */
  get open(): string[] {
    return [...this.#outcomes]
      .filter(([, { kind }]) => kind === 'unknown' || kind === 'under-way')
      .map(([name]) => name)
  }

  /** Those that were acknowledged, the latest last. */
  get acknowledged(): string[] {
    return [...this.#outcomes].filter(([, { kind }]) => kind === 'done').map(([name]) => name)
  }

  /**
   * Everything that is wrong, as sentences; empty when nothing is.
   * @param final what there is in the end: operation and result, in any order, each as often as it is there
   */
  check(final: readonly (readonly [operation: string, result: string])[]): string[] {
    const results = new Map<string, string[]>()
    for (const [operation, result] of final)
      results.set(operation, [...(results.get(operation) ?? []), result])
    const wrong = [...this.#contradictions]
    for (const [operation, there] of results) {
      if (!this.#outcomes.has(operation)) wrong.push(`${operation} is there, and nobody asked for it`)
      if (there.length > 1) wrong.push(`${operation} is there ${there.length} times`)
    }
    for (const [operation, outcome] of this.#outcomes) {
      const [there] = results.get(operation) ?? []
      if (outcome.kind === 'done' && there === undefined)
        wrong.push(`${operation} was acknowledged and is lost`)
      if (outcome.kind === 'done' && there !== undefined && there !== outcome.result)
        wrong.push(`${operation} was answered with ${outcome.result} and is ${there}`)
      if (outcome.kind === 'refused' && there !== undefined)
        wrong.push(`${operation} was refused and is there`)
    }
    return wrong
  }
}

/** How many of those that were acknowledged are not there in the end. */
export function countLost(acknowledged: readonly string[], final: Iterable<string>): number {
  const there = new Set(final)
  return acknowledged.filter((operation) => !there.has(operation)).length
}

/** What is wrong with the sequence numbers of a log: a gap, or one that is there twice. */
export function gapsIn(sequences: readonly number[]): string[] {
  return sequences.flatMap((sequence, at) => {
    const expected = (sequences[0] ?? 0) + at
    return sequence === expected ? [] : [`number ${sequence} stands where ${expected} should be`]
  })
}
