import type { NodeId } from '../../keys/identity.ts'
import type { Network } from '../../model/state.ts'
import type { Hint, ResumePosition } from '../../protocol/frames.ts'
import { Content, type ContentTools } from './content.ts'
import type { Message } from './message.ts'
import { type Touch, Touches } from './touches.ts'

/** How far a session has been told. */
export interface Cursor {
  /** Number of the first touch that it was not told. */
  readonly touch: number
  /** The same for hints only; undefined when nobody knows, and only all of them help. */
  readonly hints: number | undefined
  /** What the records that it was told amount to. */
  readonly revision: number
  /** Of the last head that it was told. */
  readonly epoch: number
}

/** What a session is to be sent, and where it stands afterwards. */
export interface Step {
  readonly frames: readonly Message[]
  readonly cursor: Cursor
  /** Since when the first of the changes in it was there to be told, by the monotonic clock. */
  readonly since: number | undefined
}

export interface FeedTools extends ContentTools {
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  /** Members that the audience of this feed may see at first. */
  readonly members: Iterable<NodeId>
  /** The encoded record of a member; undefined for one that the audience may not see, or that has no key. */
  readonly record: (network: Network, node: NodeId) => Uint8Array | undefined
  /** What the audience lets in from them (view.ts). */
  readonly filter: () => Uint8Array
}

/** Fewer touches than this always travel as what was touched, and never as everything. */
const SMALL = 64
/** So many policies a session may lie behind and still be told only what is new. */
const MOST_ORIGINS = 16
/** Epochs begin at 1: whoever has this one is told the head. */
const HEAD_IS_DUE = 0

/**
 * What the members of one network are told. A feed keeps the current content and a ring of what was touched; a session
 * keeps only a cursor into it. So a session that lags costs nothing, and what it gets in the end is the latest state of
 * what was touched, not every step to it.
 */
export class Feed {
  readonly #tools: FeedTools
  readonly #content: Content
  readonly #touches: Touches
  /** What it knew before the first touch. */
  readonly #start: Pick<Touch, 'digest' | 'hints'>
  readonly #name = {}
  /** Names of the feeds that this one was until it went on by itself, and at which touch it did. */
  readonly #origins: ReadonlyMap<object, number>
  /** What the last session was sent, and from where: most stand at the very same cursor. Until something changes. */
  #last: { readonly from: Cursor; readonly step: Step } | undefined

  /** @param origin goes on from what that one tells; else it begins with what there is to be told */
  constructor(network: Network, tools: FeedTools, origin?: Feed) {
    this.#tools = tools
    this.#content = origin ? origin.#content.fork(tools) : beginning(network, tools)
    this.#touches = origin ? Touches.after(origin.#touches) : new Touches()
    this.#start = origin ? origin.#start : { digest: this.digest, hints: this.#content.hintsDigest }
    this.#origins = origin ? origin.#lineage() : new Map()
  }

  /** Takes over the network as it is now; `touched` are the members that came, went or changed. Whether that was news. */
  advance(network: Network, touched: readonly NodeId[]): boolean {
    const isFilterNew = this.#touchFilter(network)
    const news = touched.filter((node) => this.#touchRecord(network, node))
    return isFilterNew || news.length > 0
  }

  /** Makes sure that a member that comes from another feed of the network is not told an older revision than it has. */
  raise({ revision }: Network): void {
    if (revision > this.#content.revision) this.#catchUp(revision)
  }

  /** Whether the audience sees a member. */
  has(node: NodeId): boolean {
    return this.#content.has(node)
  }

  /** How many the audience sees. */
  get size(): number {
    return this.#content.size
  }

  /** Those that the audience sees. */
  members(): NodeId[] {
    return this.#content.nodes()
  }

  /** How a member can be reached from now on. Whether that was news. */
  hint(hint: Hint): boolean {
    const isNews = this.#content.hint(hint)
    if (isNews) this.#touch(hint.node as NodeId, 'hint')
    return isNews
  }

  /** The epoch was raised. */
  renew(): void {
    this.#last = undefined
    this.#content.renew()
  }

  /** The cursor of a session that knows everything. */
  get end(): Cursor {
    const { end } = this.#touches
    return { touch: end, hints: end, revision: this.#content.revision, epoch: this.epoch }
  }

  /** Whether a session was told all records and the latest epoch. */
  isTold({ touch, epoch }: Cursor): boolean {
    return epoch === this.epoch && touch >= this.#touches.recordEnd
  }

  get epoch(): number {
    return this.#tools.epoch()
  }

  /** Of what the audience sees. */
  get digest(): string {
    return this.#content.digest
  }

  /**
   * The cursor of an agent that says it has `position`; undefined when only a snapshot can help it. The position is not
   * ahead of the network: that was looked at before.
   */
  resume({ epoch, revision, digest, hints }: Omit<ResumePosition, 'network'>): Cursor | undefined {
    if (epoch === this.epoch && revision > this.#content.revision) this.#catchUp(revision)
    if (digest === undefined) return undefined
    const told = { hints: this.#hintsToldBy(hints), revision }
    // A controller that has just started does not know since when a set is as it is; the digest does.
    if (digest === this.digest) return { ...told, touch: this.#touches.end, epoch: HEAD_IS_DUE }
    const touch = this.#touchOf(revision, digest)
    return touch !== undefined && epoch === this.epoch ? { ...told, touch, epoch } : undefined
  }

  /** The cursor here of a session that was told of another feed, as far as what it was told is known here. */
  adopt(feed: Feed | undefined, cursor: Cursor | undefined): Cursor | undefined {
    if (!feed || !cursor || feed === this) return cursor
    const end = this.#origins.get(feed.#name) ?? -1
    if (Math.max(cursor.touch, cursor.hints ?? 0) <= end) return cursor
    const { epoch, revision } = cursor
    const { digest } = feed.#after(cursor.touch) ?? {}
    const { hints } = (cursor.hints !== undefined && feed.#after(cursor.hints)) || {}
    return digest === undefined
      ? undefined
      : this.resume({ epoch, revision, digest, ...(hints !== undefined && { hints }) })
  }

  /** What brings a session from `cursor` to the end: nothing, a head, hints, a delta, or a snapshot. */
  follow(cursor: Cursor | undefined): Step {
    if (cursor && this.#last?.from === cursor) return this.#last.step
    const step = this.#stepFrom(cursor)
    this.#last = cursor && { from: cursor, step }
    return step
  }

  #stepFrom(cursor: Cursor | undefined): Step {
    const { end } = this
    if (!cursor || this.#isLost(cursor)) {
      const since = cursor && this.#touches.whenSince(cursor.touch)
      return { frames: [this.#content.snapshot()], cursor: end, since }
    }
    if (cursor.touch < this.#touches.recordEnd) return { ...this.#delta(cursor), cursor: end }
    const isHeadDue = cursor.epoch !== end.epoch
    return {
      // The head is for all that was told, hints too.
      frames: [...this.#hintsSince(cursor.hints), ...(isHeadDue ? [this.#content.current()] : [])],
      cursor: isHeadDue ? end : { ...end, revision: cursor.revision },
      since: undefined,
    }
  }

  /** Whether there are new records, and nothing but a snapshot tells them, or tells them with less. */
  #isLost({ touch, epoch }: Cursor): boolean {
    const { end, recordEnd } = this.#touches
    if (touch >= recordEnd) return false
    return !this.#touches.reaches(touch) || epoch !== this.epoch || this.#isMuch(end - touch)
  }

  #isMuch(touches: number): boolean {
    return touches > SMALL && touches > this.#content.size
  }

  /** The number after the touch that led to this set of records. */
  #touchOf(revision: number, digest: string): number | undefined {
    const touch = this.#touches.afterLast((one) => one.what !== 'hint' && one.revision === revision)
    if (touch !== undefined && this.#touches.get(touch - 1)?.digest === digest) return touch
    return digest === this.#start.digest && this.#touches.reaches(0) ? this.#touches.recordStart : undefined
  }

  /** Of a feed that goes on from here. */
  #lineage(): ReadonlyMap<object, number> {
    return new Map([...this.#origins, [this.#name, this.#touches.end] as const].slice(-MOST_ORIGINS))
  }

  /** What there was to know before touch number `end`. */
  #after(end: number): Pick<Touch, 'digest' | 'hints'> | undefined {
    if (end === this.#touches.end) return { digest: this.digest, hints: this.#content.hintsDigest }
    return end === 0 && this.#touches.reaches(0) ? this.#start : this.#touches.get(end - 1)
  }

  #hintsToldBy(digest: string | undefined): number | undefined {
    if (digest === undefined) return undefined
    if (digest === this.#content.hintsDigest) return this.#touches.end
    return this.#touches.afterLast((touch) => touch.hints === digest)
  }

  /** A member that the audience does not see, and did not, changes nothing. */
  #touchRecord(network: Network, node: NodeId): boolean {
    const record = this.#tools.record(network, node)
    const before = this.#content.record(node)
    if (record && before ? sameBytes(record, before) : record === before) return false
    this.#content.change(network.revision, node, record)
    this.#touch(node, 'record')
    return true
  }

  #touchFilter(network: Network): boolean {
    const filter = this.#tools.filter()
    if (sameBytes(filter, this.#content.filter)) return false
    this.#content.changeFilter(network.revision, filter)
    this.#touch(undefined, 'filter')
    return true
  }

  #catchUp(revision: number): void {
    this.#last = undefined
    this.#content.catchUp(revision)
  }

  #touch(node: NodeId | undefined, what: Touch['what']): void {
    this.#last = undefined
    const { revision, digest, hintsDigest: hints } = this.#content
    this.#touches.add({ node, what, revision, digest, hints, at: this.#tools.now() })
  }

  /** The records that changed, with the hints of all that were touched. */
  #delta({ touch, hints, revision }: Cursor) {
    const from = hints !== undefined && this.#touches.reaches(hints) ? hints : undefined
    const frame = this.#content.delta(`${touch} ${from} ${revision}`, revision, () => ({
      nodes: nodesOf(this.#touches.since(touch).filter(({ what }) => what === 'record')),
      hinted: nodesOf(this.#touches.since(Math.min(touch, from ?? touch))),
      isFilterNew: this.#touches.since(touch).some(({ what }) => what === 'filter'),
    }))
    const rest = from === undefined ? [this.#content.allHints()] : []
    return { frames: [frame, ...rest], since: this.#touches.whenSince(touch) }
  }

  #hintsSince(from: number | undefined): Message[] {
    const { end } = this.#touches
    if (from === end) return []
    if (from === undefined || !this.#touches.reaches(from) || this.#isMuch(end - from))
      return [this.#content.allHints()]
    return [this.#content.hints(`${from}`, () => nodesOf(this.#touches.since(from)))]
  }
}

function beginning(network: Network, tools: FeedTools): Content {
  const records = Array.from(tools.members, (node) => tools.record(network, node))
  const told = { records: records.filter((record) => record !== undefined), filter: tools.filter() }
  return new Content(network, told, tools)
}

function nodesOf(touches: readonly Touch[]): NodeId[] {
  return [...new Set(touches.flatMap(({ node }) => node ?? []))]
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
