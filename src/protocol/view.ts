import { WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import { SetDigest } from './digest.ts'
import { decodeRecord, type MemberRecord } from './record.ts'

interface Held {
  readonly record: MemberRecord
  readonly encoded: Uint8Array
}

/** The set of records of one network that a member may see, itself among them, with its digest. Both ends keep one. */
export class View {
  readonly #held = new Map<NodeId, Held>()
  readonly #digest = new SetDigest()

  static of(records: Iterable<Uint8Array>): View {
    const view = new View()
    view.change(records, [])
    return view
  }

  /** Puts encoded records in place of what their nodes had, and takes nodes out. Malformed records change nothing. */
  change(upserts: Iterable<Uint8Array>, removals: Iterable<NodeId>): void {
    const held = Array.from(upserts, (encoded) => ({ record: decodeRecord(encoded), encoded }))
    for (const node of removals) this.#put(node, undefined)
    for (const one of held) this.#put(one.record.node, one)
  }

  /** `change`, but only if it leads to `digest`; otherwise everything is as before and it throws `digest-mismatch`. */
  changeTo(digest: string, upserts: readonly Uint8Array[], removals: readonly NodeId[]): void {
    const nodes = [...removals, ...upserts.map((encoded) => decodeRecord(encoded).node)]
    const before = new Map(nodes.map((node) => [node, this.#held.get(node)]))
    this.change(upserts, removals)
    if (this.digest() === digest) return
    for (const [node, held] of before) this.#put(node, held)
    throw new WeftError('digest-mismatch', 'The records do not add up to the digest that is signed for them.')
  }

  record(node: NodeId): MemberRecord | undefined {
    return this.#held.get(node)?.record
  }

  encodedRecord(node: NodeId): Uint8Array | undefined {
    return this.#held.get(node)?.encoded
  }

  records(): MemberRecord[] {
    return Array.from(this.#held.values(), (held) => held.record)
  }

  encodedRecords(): Uint8Array[] {
    return Array.from(this.#held.values(), (held) => held.encoded)
  }

  get size(): number {
    return this.#held.size
  }

  digest(): string {
    return this.#digest.value()
  }

  #put(node: NodeId, held: Held | undefined): void {
    const old = this.#held.get(node)
    if (old) this.#digest.remove(old.encoded)
    if (held) this.#digest.add(held.encoded)
    if (held) this.#held.set(node, held)
    else this.#held.delete(node)
  }
}
