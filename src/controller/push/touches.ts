import type { NodeId } from '../../keys/identity.ts'
import type { Group } from '../../protocol/group.ts'

/** Something that happened to one member of a feed, or to what is let in from them. */
export interface Touch {
  /** Undefined for the filter. */
  readonly node: NodeId | undefined
  readonly what: 'record' | 'hint' | 'filter'
  /** Whether the feed had no record of the member before this touch. */
  readonly isArrival: boolean
  /** Whether it was known before this touch where the member is. */
  readonly wasHinted: boolean
  /** Of a filter: groups for which it says something else than before; undefined: that is not all that is new in it. */
  readonly groups?: readonly Group[] | undefined
  /** Of the feed after this touch. */
  readonly revision: number
  /** Of records and filter after this touch. */
  readonly digest: string
  /** Of the set of hints after this touch. */
  readonly hints: string
  /** When, by the monotonic clock, in milliseconds. */
  readonly at: number
}

/** The last touches of a feed, numbered from its beginning. What is long past is forgotten, so memory stays bounded. */
export class Touches {
  #ring: Touch[] = []
  /** Number of the first that is still known. */
  #first = 0
  #recordEnd = 0

  /** Goes on from those of another feed. */
  static after(earlier: Touches): Touches {
    const touches = new Touches()
    touches.#ring = [...earlier.#ring]
    touches.#first = earlier.#first
    touches.#recordEnd = earlier.#recordEnd
    return touches
  }

  /** @param most how many at least a session may lie behind and still be told only what is new; twice as many are kept */
  add(touch: Touch, most: number): void {
    this.#ring.push(touch)
    if (touch.what !== 'hint') this.#recordEnd = this.end
    if (this.#ring.length <= most * 2) return
    this.#first += this.#ring.length - most
    this.#ring = this.#ring.slice(-most)
  }

  /** How many are known. */
  get size(): number {
    return this.#ring.length
  }

  /** Number that the next one will have. */
  get end(): number {
    return this.#first + this.#ring.length
  }

  /** Number after the last that touched a record or the filter. */
  get recordEnd(): number {
    return this.#recordEnd
  }

  /** Number of the first that touched a record or the filter, of those that are known. */
  get recordStart(): number {
    const at = this.#ring.findIndex(({ what }) => what !== 'hint')
    return at < 0 ? this.end : this.#first + at
  }

  /** Whether all from number `from` on are still known. */
  reaches(from: number): boolean {
    return from >= this.#first
  }

  since(from: number): readonly Touch[] {
    return this.#ring.slice(from - this.#first)
  }

  get(number: number): Touch | undefined {
    return this.#ring[number - this.#first]
  }

  /** When the first of those from number `from` on happened that are still known. */
  whenSince(from: number): number | undefined {
    return this.#ring[Math.max(0, from - this.#first)]?.at
  }

  /** The number after the last touch for which `is` holds. */
  afterLast(is: (touch: Touch) => boolean): number | undefined {
    const at = this.#ring.findLastIndex(is)
    return at < 0 ? undefined : this.#first + at + 1
  }
}
