interface Waiting {
  readonly sequence: number
  /** Whether it is for something that is not durable yet, and may never be. */
  readonly isHope: boolean
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/** Who waits until the state has come to an entry. */
export class Arrivals {
  #waiting: readonly Waiting[] = []

  /** Resolves when entry `sequence` has come. Rejects when it was hoped for and will not come. */
  wait(sequence: number, isHope: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = [...this.#waiting, { sequence, isHope, resolve, reject }]
    })
  }

  /** All entries up to this one have come. */
  come(sequence: number): void {
    for (const waiting of this.#waiting) if (waiting.sequence <= sequence) waiting.resolve()
    this.#waiting = this.#waiting.filter((waiting) => waiting.sequence > sequence)
  }

  /** What was hoped for from this entry on does not come. */
  disappoint(from: number, cause: unknown): void {
    const isHopeless = ({ isHope, sequence }: Waiting) => isHope && sequence >= from
    const hopeless = this.#waiting.filter(isHopeless)
    this.#waiting = this.#waiting.filter((waiting) => !isHopeless(waiting))
    for (const { reject } of hopeless) reject(cause)
  }
}
