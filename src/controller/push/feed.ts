import type { NodeId } from '../../keys/identity.ts'
import type { Network } from '../../model/state.ts'
import { changedGroups } from '../../protocol/filter-part.ts'
import type { Hint } from '../../protocol/frames.ts'
import type { Group } from '../../protocol/group.ts'
import { Content, type ContentTools } from './content.ts'
import type { Claim, Cursor, Step } from './cursor.ts'
import { Lineage } from './lineage.ts'
import type { Message } from './message.ts'
import { type Touch, Touches } from './touches.ts'

export interface FeedTools extends ContentTools {
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  /** Members that the audience of this feed may see at first. */
  readonly members: Iterable<NodeId>
  /** The encoded record of a member; undefined for one that the audience may not see, or that has no key. */
  readonly record: (network: Network, node: NodeId) => Uint8Array | undefined
  /** What the audience lets in from them (view.ts). */
  readonly filter: () => Uint8Array
  /** Touches that it may remember, as its share of those of the whole network. */
  readonly mostTouches: () => number
}

/** Fewer touches than this always travel as what was touched, and never as everything. */
const SMALL = 64
/** How many touches a session may lie behind at most and still be told only what is new. */
const MOST_TOUCHES = 4_096
const FILTER_TOUCH = { node: undefined, what: 'filter', isArrival: false, wasHinted: false } as const
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
  readonly #lineage: Lineage
  /** What the last session was sent, and from where: most stand at the very same cursor. Until something changes. */
  #last: { readonly from: Cursor; readonly step: Step } | undefined
  /** The end, until something changes: sessions that come to it stand at the very same cursor from then on. */
  #end: Cursor | undefined

  /** @param origin goes on from what that one tells; else it begins with what there is to be told */
  constructor(network: Network, tools: FeedTools, origin?: Feed) {
    this.#tools = tools
    this.#content = origin ? origin.#content.fork(tools) : beginning(network, tools)
    this.#touches = origin ? Touches.after(origin.#touches) : new Touches()
    this.#start = origin ? origin.#start : { digest: this.digest, hints: this.#content.hintsDigest }
    this.#lineage = origin ? origin.#lineage.fork(origin.#touches.end) : Lineage.begin()
  }

  /** Takes over the network as it is now; `touched` are the members that came, went or changed. Whether that was news. */
  advance(network: Network, touched: readonly NodeId[]): boolean {
    const filter = this.#tools.filter()
    const isFilterNew = !sameBytes(filter, this.#content.filter)
    const records = this.#changesOf(network, touched)
    if (!isFilterNew && records.size === 0) return false
    const ofRecords = Array.from(records.keys(), (node) => {
      const wasHinted = this.#content.isHinted(node)
      return { node, what: 'record', isArrival: !this.has(node), wasHinted } as const
    })
    const before = this.#content.decodedFilter
    this.#content.change(network.revision, { records, filter: isFilterNew ? filter : undefined })
    const groups = isFilterNew ? changedGroups(before, this.#content.decodedFilter) : []
    this.#touch(isFilterNew ? [{ ...FILTER_TOUCH, groups }, ...ofRecords] : ofRecords)
    return true
  }

  /** Makes sure that a member that comes from another feed of the network is not told an older revision than it has. */
  raise({ revision }: Network): void {
    this.#raiseTo(revision)
  }

  /** Touches that it remembers. */
  get remembered(): number {
    return this.#touches.size
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
    const node = hint.node as NodeId
    const wasHinted = this.#content.isHinted(node)
    const isNews = this.#content.hint(hint)
    if (isNews) this.#touch([{ node, what: 'hint', isArrival: false, wasHinted }])
    return isNews
  }

  /** Where a member was counts no more: it has left, which whoever goes on from here learns when that is worked out. */
  forgetHint(node: NodeId): void {
    if (!this.#content.forgetHint(node)) return
    this.#touch([{ node, what: 'hint', isArrival: false, wasHinted: true }])
  }

  /** The epoch was raised. */
  renew(): void {
    this.#changed()
    this.#content.renew()
  }

  /** The cursor of a session that knows everything. */
  get end(): Cursor {
    if (this.#end?.epoch !== this.epoch) this.#end = this.#endOfNow()
    return this.#end
  }

  /** Whether a session was told all records and the latest epoch: by this feed, for others count on their own. */
  isTold(cursor: Cursor): boolean {
    const { touch, epoch } = cursor
    return epoch === this.epoch && touch >= this.#touches.recordEnd && this.#lineage.holds(cursor)
  }

  get epoch(): number {
    return this.#tools.epoch()
  }

  /** Of what the audience sees. */
  get digest(): string {
    return this.#content.digest
  }

  /**
   * The cursor of an agent that says what it has; undefined when only a snapshot can help it. What it says is not ahead of
   * the network: that was looked at before.
   */
  resume(claim: Claim): Cursor | undefined {
    const { epoch, revision, digest, hints } = claim
    if (epoch === this.epoch) this.#raiseTo(revision)
    if (digest === undefined) return undefined
    const told = {
      feed: this.#lineage.name,
      hints: this.#hintsToldBy(hints),
      revision,
      told: { digest, hints },
    }
    // A controller that has just started does not know since when a set is as it is; the digest does.
    if (digest === this.digest) return { ...told, touch: this.#touches.end, epoch: HEAD_IS_DUE }
    const touch = this.#touchOf(revision, digest)
    return touch !== undefined && epoch === this.epoch ? { ...told, touch, epoch } : undefined
  }

  /** The cursor here of a session that was told of another feed, as far as what it was told is known here. */
  adopt(cursor: Cursor | undefined): Cursor | undefined {
    if (!cursor || this.#lineage.holds(cursor)) return cursor
    const { epoch, revision, told } = cursor
    return this.resume({ epoch, revision, ...told })
  }

  /** What brings a session from `cursor` to the end: nothing, a head, hints, a delta, or a snapshot. */
  follow(cursor: Cursor | undefined): Step {
    if (cursor && this.#last?.from === cursor) return this.#last.step
    const step = this.#stepFrom(cursor)
    this.#last = cursor && { from: cursor, step }
    return step
  }

  #stepFrom(cursor: Cursor | undefined): Step {
    // Whatever feed told it that: nothing is taken that is older.
    if (cursor?.epoch === this.epoch) this.#raiseTo(cursor.revision)
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
      cursor: isHeadDue || cursor.revision === end.revision ? end : { ...end, revision: cursor.revision },
      since: undefined,
    }
  }

  #endOfNow(): Cursor {
    const { end } = this.#touches
    const told = { digest: this.digest, hints: this.#content.hintsDigest }
    const { revision } = this.#content
    return { feed: this.#lineage.name, touch: end, hints: end, revision, epoch: this.epoch, told }
  }

  #changed(): void {
    this.#last = undefined
    this.#end = undefined
  }

  /** Whether there are new records, and nothing but a snapshot tells them, or tells them with less. */
  #isLost({ touch, epoch, revision }: Cursor): boolean {
    const { end, recordEnd } = this.#touches
    if (touch >= recordEnd) return false
    // A delta leads to a later revision; a snapshot is taken for the same one, too.
    const isDelta = epoch === this.epoch && revision < this.#content.revision
    return !isDelta || !this.#touches.reaches(touch) || this.#isMuch(end - touch)
  }

  #isMuch(touches: number): boolean {
    return touches > SMALL && touches > this.#content.size
  }

  /** The number after the touch that led to this set of records. */
  #touchOf(revision: number, digest: string): number | undefined {
    // In between there were revisions of which this audience was told nothing.
    const touch = this.#touches.afterLast((one) => one.what !== 'hint' && one.revision <= revision)
    if (touch !== undefined) return this.#touches.get(touch - 1)?.digest === digest ? touch : undefined
    return digest === this.#start.digest && this.#touches.reaches(0) ? this.#touches.recordStart : undefined
  }

  #hintsToldBy(digest: string | undefined): number | undefined {
    if (digest === undefined) return undefined
    if (digest === this.#content.hintsDigest) return this.#touches.end
    return this.#touches.afterLast((touch) => touch.hints === digest)
  }

  /** Records that are others now, or undefined for members that are seen no longer. Who was not seen, and is not, has none. */
  #changesOf(network: Network, touched: readonly NodeId[]): Map<NodeId, Uint8Array | undefined> {
    const changes = new Map<NodeId, Uint8Array | undefined>()
    for (const node of touched) {
      const [record, before] = [this.#tools.record(network, node), this.#content.record(node)]
      if (record !== before && !(record && before && sameBytes(record, before))) changes.set(node, record)
    }
    return changes
  }

  #raiseTo(revision: number): void {
    if (revision <= this.#content.revision) return
    this.#changed()
    this.#content.catchUp(revision)
  }

  /** They happened at once: nobody is told some of them without the others. */
  #touch(touches: readonly Pick<Touch, 'node' | 'what' | 'isArrival' | 'wasHinted' | 'groups'>[]): void {
    this.#changed()
    const { revision, digest, hintsDigest: hints } = this.#content
    const at = this.#tools.now()
    const most = this.#mostTouches
    for (const touch of touches) this.#touches.add({ ...touch, revision, digest, hints, at }, most)
  }

  /** Who lies further behind than there are members is told everything in any case: for that nothing has to be remembered. */
  get #mostTouches(): number {
    return Math.max(SMALL, Math.min(this.#content.size, this.#tools.mostTouches(), MOST_TOUCHES))
  }

  /** The records that changed, with the hints of all that were touched. */
  #delta({ touch, hints, revision }: Cursor) {
    const from = hints !== undefined && this.#touches.reaches(hints) ? hints : undefined
    const frame = this.#content.delta(`${touch} ${from} ${revision}`, revision, () => ({
      nodes: this.#changedSince(touch),
      hinted: nodesOf(this.#touches.since(Math.min(touch, from ?? touch))),
      known: from === undefined ? [] : this.#hintedBefore(from),
      groups: this.#groupsSince(touch),
    }))
    const rest = from === undefined ? [this.#content.allHints()] : []
    return { frames: [frame, ...rest], since: this.#touches.whenSince(touch) }
  }

  /** Who came and went since is none of them: it was never told, and may never have been for the eyes of who reads on here. */
  #changedSince(touch: number): NodeId[] {
    const records = this.#touches.since(touch).filter(({ what }) => what === 'record')
    return nodesOf(
      firstOfEach(records).filter(({ node, isArrival }) => !isArrival || (node && this.has(node))),
    )
  }

  /** Of whom it was told before where they are, of those of whom that may be new since. */
  #hintedBefore(touch: number): NodeId[] {
    return nodesOf(firstOfEach(this.#touches.since(touch)).filter(({ wasHinted }) => wasHinted))
  }

  /** Groups for which the filter says something else; undefined: there is more in it that is new. */
  #groupsSince(touch: number): readonly Group[] | undefined {
    const touches = this.#touches.since(touch).filter(({ what }) => what === 'filter')
    if (touches.some(({ groups }) => !groups)) return undefined
    return [...new Set(touches.flatMap(({ groups }) => groups ?? []))]
  }

  #hintsSince(from: number | undefined): Message[] {
    const { end } = this.#touches
    if (from === end) return []
    if (from === undefined || !this.#touches.reaches(from) || this.#isMuch(end - from))
      return [this.#content.allHints()]
    return [
      this.#content.hints(`${from}`, () => ({
        hinted: nodesOf(this.#touches.since(from)),
        known: this.#hintedBefore(from),
      })),
    ]
  }
}

function beginning(network: Network, tools: FeedTools): Content {
  const records = Array.from(tools.members, (node) => [node, tools.record(network, node)] as const)
  const known = records.flatMap(([node, record]) => (record ? [[node, record] as const] : []))
  return new Content(network, { view: tools.view(new Map(known), tools.filter()) }, tools)
}

function firstOfEach(touches: readonly Touch[]): Touch[] {
  return [...Map.groupBy(touches, ({ node }) => node).values()].flatMap(([first]) => first ?? [])
}

function nodesOf(touches: readonly Touch[]): NodeId[] {
  return [...new Set(touches.flatMap(({ node }) => node ?? []))]
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
