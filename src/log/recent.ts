import type { Entry } from './log.ts'

/** Entries kept: more than two groups, about 1 MB. */
const KEPT = 1_024

/** The entries that were written last. Who follows the log is hardly ever further behind, and need not read the disk. */
export class Recent {
  #entries: Entry[] = []

  /** Takes the entries that follow those before. */
  add(entries: readonly Entry[]): void {
    this.#entries.push(...entries)
    // Not at every group, because those that stay are copied.
    if (this.#entries.length > 2 * KEPT) this.#entries = this.#entries.slice(-KEPT)
  }

  get last(): Entry | undefined {
    return this.#entries.at(-1)
  }

  /** Those behind `sequence`, `limit` at most; none when the next one is not kept. */
  after(sequence: number, limit: number): readonly Entry[] {
    const at = sequence + 1 - (this.#entries[0]?.sequence ?? Number.POSITIVE_INFINITY)
    return at < 0 ? [] : this.#entries.slice(at, at + limit)
  }
}
