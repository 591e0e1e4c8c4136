import type { NodeId } from '../keys/identity.ts'
import type { Member, Network, Node } from '../model/state.ts'
import type { Hint, ResumePosition } from '../protocol/frames.ts'
import type { MemberRecord } from '../protocol/record.ts'
import { Content, type ContentTools } from './content.ts'
import { recordOf } from './record-of.ts'
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
  readonly frames: readonly Buffer[]
  readonly cursor: Cursor
  /** Since when the first of the changes in it was there to be told, by the monotonic clock. */
  readonly since: number | undefined
}

export interface FeedTools extends ContentTools {
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  readonly node: (id: NodeId) => Node | undefined
  /** Whether the audience of this feed may see a member. */
  readonly shows: (node: Node) => boolean
}

/** Fewer touches than this always travel as what was touched, and never as everything. */
const SMALL = 64
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
  readonly #touches = new Touches()
  /** Digest of the records before the first touch. */
  readonly #start: string

  constructor(network: Network, tools: FeedTools) {
    this.#tools = tools
    const records = [...network.members.values()].map((member) => this.#recordOf(network, member))
    this.#content = new Content(
      network,
      records.filter((record) => record !== undefined),
      tools,
    )
    this.#start = this.#content.digest
  }

  /** Takes over the network as it is now; `touched` are the members that came, went or changed. Whether that was news. */
  advance(network: Network, touched: readonly NodeId[]): boolean {
    const news = touched.filter((node) => this.#touchRecord(network, node))
    return news.length > 0
  }

  /** How a member can be reached from now on. Whether that was news. */
  hint(hint: Hint): boolean {
    const isNews = this.#content.hint(hint)
    if (isNews) this.#touch(hint.node as NodeId, 'hint')
    return isNews
  }

  /** The epoch was raised. */
  renew(): void {
    this.#content.renew()
  }

  /** The cursor of a session that knows everything. */
  get end(): Cursor {
    const { end } = this.#touches
    return { touch: end, hints: end, revision: this.#content.revision, epoch: this.epoch }
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
  resume({ epoch, revision, digest, hints }: ResumePosition): Cursor | undefined {
    if (epoch === this.epoch && revision > this.#content.revision) this.#content.catchUp(revision)
    const told = { hints: this.#hintsToldBy(hints), revision }
    // A controller that has just started does not know since when a set is as it is; the digest does.
    if (digest === this.digest) return { ...told, touch: this.#touches.end, epoch: HEAD_IS_DUE }
    const touch = this.#touchOf(revision, digest)
    return touch !== undefined && epoch === this.epoch ? { ...told, touch, epoch } : undefined
  }

  /** What brings a session from `cursor` to the end: nothing, a head, hints, a delta, or a snapshot. */
  follow(cursor: Cursor | undefined): Step {
    const { end } = this
    if (!cursor || this.#isLost(cursor))
      return { frames: [this.#content.snapshot()], cursor: end, since: undefined }
    if (cursor.touch < this.#touches.recordEnd) return { ...this.#delta(cursor), cursor: end }
    const isHeadDue = cursor.epoch !== end.epoch
    return {
      frames: [...(isHeadDue ? [this.#content.current()] : []), ...this.#hintsSince(cursor.hints)],
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
    const touch = this.#touches.afterLast((one) => one.what === 'record' && one.revision === revision)
    if (touch !== undefined && this.#touches.get(touch - 1)?.digest === digest) return touch
    return digest === this.#start && this.#touches.reaches(0) ? 0 : undefined
  }

  #hintsToldBy(digest: string | undefined): number | undefined {
    if (digest === undefined) return undefined
    if (digest === this.#content.hintsDigest) return this.#touches.end
    return this.#touches.afterLast((touch) => touch.hints === digest)
  }

  /** A member that the audience does not see, and did not, changes nothing. */
  #touchRecord(network: Network, node: NodeId): boolean {
    const member = network.members.get(node)
    const record = member && this.#recordOf(network, member)
    if (!record && !this.#content.has(node)) return false
    this.#content.change(network.revision, node, record)
    this.#touch(node, 'record')
    return true
  }

  #recordOf(network: Network, member: Member): MemberRecord | undefined {
    const node = this.#tools.node(member.node)
    return node && this.#tools.shows(node) ? recordOf(network, member, node) : undefined
  }

  #touch(node: NodeId, what: Touch['what']): void {
    const { revision, digest, hintsDigest: hints } = this.#content
    this.#touches.add({ node, what, revision, digest, hints, at: this.#tools.now() })
  }

  /** The records that changed, with the hints of all that were touched. */
  #delta({ touch, hints, revision }: Cursor) {
    const from = hints !== undefined && this.#touches.reaches(hints) ? hints : undefined
    const frame = this.#content.delta(`${touch} ${from} ${revision}`, revision, () => ({
      nodes: nodesOf(this.#touches.since(touch).filter(({ what }) => what === 'record')),
      hinted: nodesOf(this.#touches.since(Math.min(touch, from ?? touch))),
    }))
    const rest = from === undefined ? [this.#content.allHints()] : []
    return { frames: [frame, ...rest], since: this.#touches.get(touch)?.at }
  }

  #hintsSince(from: number | undefined): Buffer[] {
    const { end } = this.#touches
    if (from === end) return []
    if (from === undefined || !this.#touches.reaches(from) || this.#isMuch(end - from))
      return [this.#content.allHints()]
    return [this.#content.hints(`${from}`, () => nodesOf(this.#touches.since(from)))]
  }
}

function nodesOf(touches: readonly Touch[]): NodeId[] {
  return [...new Set(touches.map(({ node }) => node))]
}
