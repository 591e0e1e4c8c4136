import type { NodeId } from '../../keys/identity.ts'
import type { SigningKey } from '../../keys/signature.ts'
import { toBase64Url } from '../../keys/text.ts'
import type { NetworkId } from '../../model/names.ts'
import { type Delta, type Head, type Signed, signDelta, signHead } from '../../protocol/content.ts'
import type { Filter } from '../../protocol/filter.ts'
import { encodeFilterPart } from '../../protocol/filter-part.ts'
import type { ControllerFrameOf, Hint } from '../../protocol/frames.ts'
import type { Group } from '../../protocol/group.ts'
import { HintSet } from '../../protocol/hints.ts'
import type { View } from '../../protocol/view.ts'
import { Message } from './message.ts'
import { Shelf } from './shelf.ts'

export interface ContentTools {
  readonly signing: SigningKey
  readonly epoch: () => number
  /** Seconds since 1970 at which what is signed now becomes stale. */
  readonly expiresAt: () => number
  /** Counts what must not grow with the number of sessions. */
  readonly count: (what: 'encodings' | 'signatures') => void
  /** Of these records, by member: a view that is nobody else's. What other audiences of the network see is not hashed again. */
  readonly view: (records: ReadonlyMap<NodeId, Uint8Array>, filter: Uint8Array) => View
}

/** What one entry changed for an audience. */
export interface ContentChange {
  /** Records in place of what these members had; undefined: they are taken out. */
  readonly records: ReadonlyMap<NodeId, Uint8Array | undefined>
  /** Absent: it stays. */
  readonly filter: Uint8Array | undefined
}

/** From so many records on it is asked whether other audiences see the same. */
const MANY = 16

/** A head that is this many seconds old is signed anew before it is told again. */
const HEAD_LIFE = 3_600

/**
 * What one audience may know of a network, and the frames that say so. Each frame is signed and encoded once, and kept
 * until something changes, so that all sessions that need it get the same bytes.
 */
export class Content {
  readonly #network: NetworkId
  readonly #tools: ContentTools
  #view: View
  readonly #hints: HintSet
  /** Of everything, and of what is new since some point. */
  readonly #whole = new Map<string, Message>()
  readonly #parts = new Shelf()
  #revision: number
  #digest: string
  #head: (Signed & { readonly expiresAt: number }) | undefined

  /** @param told what there is to be told at first: it is the content's own from now on */
  constructor(
    network: { readonly id: NetworkId; readonly revision: number },
    told: { readonly view: View; readonly hints?: HintSet },
    tools: ContentTools,
  ) {
    this.#network = network.id
    this.#revision = network.revision
    this.#tools = tools
    this.#view = told.view
    this.#hints = told.hints ?? new HintSet()
    this.#digest = this.#view.digest()
  }

  /** The same for another audience, of which it is told on from here. */
  fork(tools: ContentTools): Content {
    const told = { view: this.#view.copy(), hints: this.#hints.copy() }
    return new Content({ id: this.#network, revision: this.#revision }, told, tools)
  }

  /** Of the network, when something of this last changed. */
  get revision(): number {
    return this.#revision
  }

  get epoch(): number {
    return this.#tools.epoch()
  }

  /** Of the set of records and the filter. */
  get digest(): string {
    return this.#digest
  }

  get hintsDigest(): string {
    return this.#hints.digest()
  }

  get size(): number {
    return this.#view.size
  }

  has(node: NodeId): boolean {
    return this.#view.record(node) !== undefined
  }

  nodes(): NodeId[] {
    return this.#view.nodes()
  }

  /** As it is told. */
  record(node: NodeId): Uint8Array | undefined {
    return this.#view.encodedRecord(node)
  }

  /** As it is told. */
  get filter(): Uint8Array {
    return this.#view.encodedFilter
  }

  get decodedFilter(): Filter | undefined {
    return this.#view.filter
  }

  /** Takes over what changed up to `revision`. Where somebody is who is taken out is forgotten. */
  change(revision: number, { records, filter }: ContentChange): void {
    const removals = [...records].flatMap(([node, record]) => (record ? [] : [node]))
    const isMost = records.size >= MANY && records.size * MANY >= this.#view.size
    if (isMost) this.#view = this.#tools.view(this.#recordsWith(records), filter ?? this.filter)
    else
      this.#view.change(
        [...records.values()].filter((one) => one !== undefined),
        removals,
        filter,
      )
    for (const node of removals) this.#hints.remove(node)
    this.#digest = this.#view.digest()
    this.catchUp(revision)
  }

  #recordsWith(changed: ContentChange['records']): Map<NodeId, Uint8Array> {
    const records = new Map<NodeId, Uint8Array>()
    for (const node of this.#view.nodes()) {
      const record = changed.has(node) ? changed.get(node) : this.record(node)
      if (record) records.set(node, record)
    }
    for (const [node, record] of changed) if (record) records.set(node, record)
    return records
  }

  /** Nothing that this audience sees happened up to `revision`. */
  catchUp(revision: number): void {
    this.#revision = revision
    this.renew()
  }

  /** Whether it is told where a member is. */
  isHinted(node: NodeId): boolean {
    return this.#hints.get(node) !== undefined
  }

  /** Whether that was news. */
  hint(hint: Hint): boolean {
    const isNews = this.has(hint.node as NodeId) && this.#hints.put(hint)
    if (isNews) this.#clear()
    return isNews
  }

  /** Where a member was is nothing to be told any more. Whether it was told. */
  forgetHint(node: NodeId): boolean {
    const wasTold = this.#hints.remove(node)
    if (wasTold) this.#clear()
    return wasTold
  }

  /** What is signed from now on has the epoch and the expiry of now. */
  renew(): void {
    this.#head = undefined
    this.#clear()
  }

  /** Says that nothing changed. */
  current(): Message {
    const head = this.#signedHead()
    return this.#once(
      this.#whole,
      'current',
      () => new Message({ type: 'current', ...head, hints: this.hintsDigest }),
    )
  }

  /** Everything. */
  snapshot(): Message {
    const head = this.#signedHead()
    return this.#once(this.#whole, 'snapshot', () => {
      const records = this.#view.encodedRecords().map(toBase64Url)
      const filter = this.filter.length > 0 ? { filter: toBase64Url(this.filter) } : {}
      return new Message({ type: 'snapshot', ...head, records, hints: this.#hints.all(), ...filter })
    })
  }

  /** How the records of `nodes` changed since revision `from`, and where those of `hinted` are. */
  delta(name: string, from: number, find: () => Changed): Message {
    return this.#once(this.#parts, `delta ${name}`, () => {
      const { nodes, groups, ...told } = find()
      const upserts = nodes.map((node) => this.#view.encodedRecord(node)).filter((one) => one !== undefined)
      const removals = nodes.filter((node) => !this.#view.encodedRecord(node))
      const delta = { head: this.#plainHead(), from, upserts, removals }
      const { hints, lost } = this.#hintsOf(told)
      const beside = { ...(hints.length > 0 && { hints }), ...(lost && { lost }) }
      const { filter } = this
      const withFilter = () => ({ ...this.#signDelta({ ...delta, filter }), ...beside })
      if (!groups) return new Message(withFilter())
      if (groups.length === 0) return new Message({ ...this.#signDelta(delta), ...beside })
      const part = this.#filterPart(groups)
      if (part.length >= filter.length) return new Message(withFilter())
      return new Message({ ...this.#signDelta(delta), ...beside, filterPart: toBase64Url(part) }, withFilter)
    })
  }

  #signDelta(delta: Delta): ControllerFrameOf<'delta'> {
    this.#tools.count('signatures')
    return { type: 'delta', ...signDelta(delta, this.#tools.signing) }
  }

  #filterPart(groups: readonly Group[]): Uint8Array {
    const now = this.#view.filter?.groups
    return encodeFilterPart(new Map(groups.map((group) => [group, now?.get(group)])))
  }

  allHints(): Message {
    return this.#once(this.#whole, 'hints', () => {
      return new Message({ type: 'hints', network: this.#network, hints: this.#hints.all(), whole: true })
    })
  }

  hints(name: string, find: () => Hinted): Message {
    return this.#once(this.#parts, `hints ${name}`, () => {
      return new Message({ type: 'hints', network: this.#network, ...this.#hintsOf(find()) })
    })
  }

  #signedHead(): Signed {
    const head = this.#plainHead()
    if (this.#head && head.expiresAt - this.#head.expiresAt > HEAD_LIFE) this.renew()
    if (!this.#head) {
      this.#tools.count('signatures')
      this.#head = { ...signHead(head, this.#tools.signing), expiresAt: head.expiresAt }
    }
    const { body, signature } = this.#head
    return { body, signature }
  }

  #plainHead(): Head {
    return {
      network: this.#network,
      epoch: this.epoch,
      revision: this.#revision,
      digest: this.#digest,
      expiresAt: this.#tools.expiresAt(),
    }
  }

  #hintsOf({ hinted, known }: Hinted): { readonly hints: Hint[]; readonly lost?: NodeId[] } {
    const hints = hinted.map((node) => this.#hints.get(node)).filter((hint) => hint !== undefined)
    const lost = known.filter((node) => this.has(node) && !this.isHinted(node))
    return { hints, ...(lost.length > 0 && { lost }) }
  }

  /** `name` tells apart what can be said at the same time. */
  #once(shelf: Pick<Shelf, 'get' | 'set'>, name: string, make: () => Message): Message {
    const known = shelf.get(name)
    if (known) return known
    this.#tools.count('encodings')
    const message = make()
    shelf.set(name, message)
    return message
  }

  #clear(): void {
    this.#whole.clear()
    this.#parts.clear()
  }
}

/** Members to whom something happened by which others may know less of where they are, or more. */
interface Hinted {
  readonly hinted: readonly NodeId[]
  /** Those of them of whom that was known before. */
  readonly known: readonly NodeId[]
}

/** Members of whom there is something to tell, and groups. */
interface Changed extends Hinted {
  readonly nodes: readonly NodeId[]
  /** For which another thing is let in; undefined: more than that is new in the filter. */
  readonly groups: readonly Group[] | undefined
}
