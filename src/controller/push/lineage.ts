import type { Cursor } from './cursor.ts'

/** So many policies a session may lie behind and still be told only what is new. */
const MOST_ORIGINS = 16

/** The name of a feed, and of those that it was until it went on by itself. */
export class Lineage {
  readonly name: object = {}
  /** By name, at which touch it went on from there. */
  readonly #origins: ReadonlyMap<object, number>

  private constructor(origins: ReadonlyMap<object, number>) {
    this.#origins = origins
  }

  static begin(): Lineage {
    return new Lineage(new Map())
  }

  /** Of a feed that goes on from touch number `end` of this one. */
  fork(end: number): Lineage {
    return new Lineage(new Map([...this.#origins, [this.name, end] as const].slice(-MOST_ORIGINS)))
  }

  /** Whether the touches that a cursor counts are those of this feed, as far as it counts them. */
  holds({ feed, touch, hints }: Cursor): boolean {
    return feed === this.name || Math.max(touch, hints ?? 0) <= (this.#origins.get(feed) ?? -1)
  }
}
