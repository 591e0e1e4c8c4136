import { WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import { SetDigest } from './digest.ts'
import { decodeFilter, type Filter } from './filter.ts'
import { decodeRecord, type MemberRecord } from './record.ts'

/** What says that there is no filter. */
export const NO_FILTER = new Uint8Array()

interface HeldFilter {
  readonly filter: Filter
  readonly encoded: Uint8Array
}

interface Held {
  readonly record: MemberRecord
  readonly encoded: Uint8Array
}

/**
 * The set of records of one network that a member may see, with the filter of what it lets in from them, and the digest of
 * all that: records never count without the filter that belongs to them. Both ends keep one.
 */
export class View {
  #held = new Map<NodeId, Held>()
  #digest = new SetDigest()
  #filter: HeldFilter | undefined

  static of(records: Iterable<Uint8Array>, filter: Uint8Array = NO_FILTER): View {
    const view = new View()
    view.change(records, [], filter)
    return view
  }

  /** The same set, in a fraction of the time that it takes from its records: nothing is hashed. */
  copy(): View {
    const copy = new View()
    copy.#held = new Map(this.#held)
    copy.#digest = new SetDigest(this.#digest)
    copy.#filter = this.#filter
    return copy
  }

  /**
   * Puts encoded records in place of what their nodes had, and takes nodes out. What is malformed changes nothing.
   * @param filter in place of the one that is there; absent: that stays
   */
  change(upserts: Iterable<Uint8Array>, removals: Iterable<NodeId>, filter?: Uint8Array): void {
    const held = Array.from(upserts, (encoded) => ({ record: decodeRecord(encoded), encoded }))
    if (filter) this.#setFilter(filter)
    for (const node of removals) this.#put(node, undefined)
    for (const one of held) this.#put(one.record.node, one)
  }

  /**
   * `change`, but only if it leads to `digest`; otherwise everything is as before and it throws `digest-mismatch`.
   * @returns the nodes whose records may be others now
   */
  changeTo(
    digest: string,
    upserts: readonly Uint8Array[],
    removals: readonly NodeId[],
    filter?: Uint8Array,
  ): readonly NodeId[] {
    const nodes = [...removals, ...upserts.map((encoded) => decodeRecord(encoded).node)]
    const before = new Map(nodes.map((node) => [node, this.#held.get(node)]))
    const filterBefore = this.encodedFilter
    this.change(upserts, removals, filter)
    if (this.digest() === digest) return nodes
    this.#setFilter(filterBefore)
    for (const [node, held] of before) this.#put(node, held)
    throw new WeftError('digest-mismatch', 'The records do not add up to the digest that is signed for them.')
  }

  record(node: NodeId): MemberRecord | undefined {
    return this.#held.get(node)?.record
  }

  encodedRecord(node: NodeId): Uint8Array | undefined {
    return this.#held.get(node)?.encoded
  }

  nodes(): NodeId[] {
    return [...this.#held.keys()]
  }

  records(): MemberRecord[] {
    return Array.from(this.#held.values(), (held) => held.record)
  }

  encodedRecords(): Uint8Array[] {
    return Array.from(this.#held.values(), (held) => held.encoded)
  }

  /** Undefined: everything is let in. */
  get filter(): Filter | undefined {
    return this.#filter?.filter
  }

  /** NO_FILTER where there is none. */
  get encodedFilter(): Uint8Array {
    return this.#filter?.encoded ?? NO_FILTER
  }

  get size(): number {
    return this.#held.size
  }

  digest(): string {
    return this.#digest.value()
  }

  #setFilter(encoded: Uint8Array): void {
    const filter = encoded.length > 0 ? { filter: decodeFilter(encoded), encoded } : undefined
    if (this.#filter) this.#digest.remove(this.#filter.encoded, 'weft/1 set filter')
    if (filter) this.#digest.add(filter.encoded, 'weft/1 set filter')
    this.#filter = filter
  }

  #put(node: NodeId, held: Held | undefined): void {
    const old = this.#held.get(node)
    if (old) this.#digest.remove(old.encoded)
    if (held) this.#digest.add(held.encoded)
    if (held) this.#held.set(node, held)
    else this.#held.delete(node)
  }
}
