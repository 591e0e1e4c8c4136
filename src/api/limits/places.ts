import type { WeftError } from '../../errors.ts'

/** So many at once, and what the next one is told. */
export interface Share {
  readonly most: number
  readonly refusal: () => WeftError
}

export interface Shares {
  readonly token: Share
  /** Of all tokens of a project, which may make as many as it likes. */
  readonly project: Share
  readonly all: Share
}

/** Things of which only so many may be under way: no one token and no one project can keep the others out. */
export class Places {
  readonly #shares: Shares
  readonly #counts = new Map<string, number>()

  constructor(shares: Shares) {
    this.#shares = shares
  }

  /** How many are taken. */
  get size(): number {
    return this.#of('all')
  }

  /**
   * A place for one more, until it is disposed. Throws the refusal of what is used up.
   * @param project undefined: the token is of none
   */
  take(token: string, project: string | undefined): Disposable {
    const { token: ofToken, project: ofProject, all } = this.#shares
    const shares = [[token, ofToken] as const, ['all', all] as const]
    if (project !== undefined) shares.splice(1, 0, [project, ofProject])
    for (const [key, { most, refusal }] of shares) if (this.#of(key) >= most) throw refusal()
    for (const [key] of shares) this.#counts.set(key, this.#of(key) + 1)
    return { [Symbol.dispose]: () => this.#release(shares.map(([key]) => key)) }
  }

  #release(keys: readonly string[]): void {
    for (const key of keys) {
      const left = this.#of(key) - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
    }
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0
  }
}
