import { memberPlace } from '../address/allocation.ts'
import { prefixLengthOf } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { SigningKey } from '../keys/signature.ts'
import { toBase64Url } from '../keys/text.ts'
import type { Member, Network } from '../model/state.ts'
import { type Head, type Signed, signDelta, signHead } from '../protocol/content.ts'
import { type ControllerFrame, encodeFrame, type Hint, type NetworkPosition } from '../protocol/frames.ts'
import { encodeRecord, type MemberRecord } from '../protocol/record.ts'
import { View } from '../protocol/view.ts'

/** How far a session has been told, counted in touches of the feed, and the revision that this amounts to. */
export interface Cursor {
  readonly touch: number
  readonly revision: number
}

interface Touch {
  readonly node: NodeId
  readonly what: 'record' | 'hint'
  /** Of the network after this touch. */
  readonly revision: number
  readonly digest: string
}

export interface FeedTools {
  readonly signing: SigningKey
  readonly epoch: number
  /** Seconds since 1970 at which what is signed now becomes stale. */
  readonly expiresAt: () => number
  /** Counts what must not grow with the number of sessions. */
  readonly count: (what: 'encodings' | 'signatures') => void
}

/** How many touches a session may lie behind and still be brought up to date by a delta. */
const RING_LIMIT = 4_096

/**
 * What the members of one network are told, encoded and signed once however many of them there are. A feed keeps the
 * current view and a ring of what was touched; a session keeps only a cursor into it. So a session that lags costs nothing,
 * and what it gets in the end is the latest state of what was touched, not every step to it.
 */
export class Feed {
  readonly #tools: FeedTools
  readonly #view: View
  readonly #hints = new Map<NodeId, string>()
  readonly #frames = new Map<string, Buffer>()
  #network: Network
  #ring: Touch[] = []
  /** Touches that have left the ring. */
  #dropped = 0
  #head: { readonly head: Head; readonly signed: Signed } | undefined

  constructor(network: Network, tools: FeedTools) {
    this.#tools = tools
    this.#network = network
    const records = [...network.members.values()].map((member) => recordOf(network, member))
    this.#view = View.of(records.filter((record) => record !== undefined).map(encodeRecord))
  }

  /** Takes over the network as it is now; `touched` are the members that came, went or changed. */
  advance(network: Network, touched: readonly NodeId[]): void {
    this.#network = network
    for (const node of touched) this.#touchRecord(node, network.members.get(node))
  }

  /** Where a member can be reached from now on. */
  hint(node: NodeId, endpoint: string): void {
    if (this.#hints.get(node) === endpoint) return
    this.#hints.set(node, endpoint)
    this.#touch({ node, what: 'hint', revision: this.#network.revision, digest: '' })
  }

  hintOf(node: NodeId): string | undefined {
    return this.#hints.get(node)
  }

  /** The cursor of a session that knows everything. */
  get end(): Cursor {
    return { touch: this.#dropped + this.#ring.length, revision: this.#network.revision }
  }

  /** The cursor of an agent that says it has `position`; undefined when only a snapshot can help it. */
  resume({ epoch, revision, digest }: NetworkPosition): Cursor | undefined {
    if (epoch !== this.#tools.epoch) return undefined
    if (revision === this.#network.revision) return this.#view.digest() === digest ? this.end : undefined
    const at = this.#ring.findLastIndex((touch) => touch.what === 'record' && touch.revision === revision)
    return this.#ring[at]?.digest === digest ? { touch: this.#dropped + at + 1, revision } : undefined
  }

  /** All endpoints that are known, for an agent that resumes: what it missed of them is in no revision. */
  allHints(): Buffer {
    return this.#once('hints', () => {
      return { type: 'hints', network: this.#network.id, hints: this.#hintsOf(this.#hints.keys()) }
    })
  }

  /** Nodes of which something was touched since `cursor`. */
  touchedSince(cursor: Cursor): ReadonlySet<NodeId> {
    return new Set(this.#ring.slice(Math.max(0, cursor.touch - this.#dropped)).map(({ node }) => node))
  }

  /** What brings a session from `cursor` to the end: nothing, hints, a delta, or a snapshot. */
  framesSince(cursor: Cursor | undefined): Buffer | undefined {
    const end = this.end
    if (!cursor || cursor.touch < this.#dropped) return this.#once('snapshot', () => this.#snapshot())
    if (cursor.touch === end.touch) return undefined
    const touches = this.#ring.slice(cursor.touch - this.#dropped)
    if (touches.length > 64 && touches.length > this.#network.members.size) {
      return this.#once('snapshot', () => this.#snapshot())
    }
    return this.#once(`${cursor.touch}`, () => this.#difference(cursor.revision, touches))
  }

  /** Says that nothing changed, with a head that is fresh. */
  current(): Buffer {
    return this.#once('current', () => ({ type: 'current', ...this.head().signed }))
  }

  /** Where the network stands, signed. */
  head(): { readonly head: Head; readonly signed: Signed } {
    if (this.#head) return this.#head
    const head = this.#plainHead()
    this.#tools.count('signatures')
    this.#head = { head, signed: signHead(head, this.#tools.signing) }
    return this.#head
  }

  #touchRecord(node: NodeId, member: Member | undefined): void {
    const record = member && recordOf(this.#network, member)
    if (record) this.#view.change([encodeRecord(record)], [])
    else this.#view.change([], [node])
    if (!member) this.#hints.delete(node)
    this.#touch({ node, what: 'record', revision: this.#network.revision, digest: this.#view.digest() })
  }

  #touch(touch: Touch): void {
    this.#ring.push(touch)
    this.#frames.clear()
    if (touch.what === 'record') this.#head = undefined
    if (this.#ring.length <= RING_LIMIT * 2) return
    this.#dropped += this.#ring.length - RING_LIMIT
    this.#ring = this.#ring.slice(-RING_LIMIT)
  }

  #plainHead(): Head {
    return {
      network: this.#network.id,
      epoch: this.#tools.epoch,
      revision: this.#network.revision,
      digest: this.#view.digest(),
      expiresAt: this.#tools.expiresAt(),
    }
  }

  #snapshot(): ControllerFrame {
    const records = this.#view.encodedRecords().map(toBase64Url)
    return { type: 'snapshot', ...this.head().signed, records, hints: this.#hintsOf(this.#hints.keys()) }
  }

  #difference(from: number, touches: readonly Touch[]): ControllerFrame {
    const hints = this.#hintsOf(new Set(touches.map(({ node }) => node)))
    const nodes = new Set(touches.filter(({ what }) => what === 'record').map(({ node }) => node))
    if (nodes.size === 0) return { type: 'hints', network: this.#network.id, hints }
    const upserts = [...nodes]
      .map((node) => this.#view.encodedRecord(node))
      .filter((one) => one !== undefined)
    const removals = [...nodes].filter((node) => !this.#view.encodedRecord(node))
    this.#tools.count('signatures')
    const signed = signDelta({ head: this.#plainHead(), from, upserts, removals }, this.#tools.signing)
    return hints.length > 0 ? { type: 'delta', ...signed, hints } : { type: 'delta', ...signed }
  }

  #hintsOf(nodes: Iterable<NodeId>): Hint[] {
    return Array.from(nodes, (node) => ({ node, endpoint: this.#hints.get(node) ?? '' })).filter(
      ({ node, endpoint }) => endpoint !== '' && this.#view.record(node) !== undefined,
    )
  }

  #once(name: string, make: () => ControllerFrame): Buffer {
    const known = this.#frames.get(name)
    if (known) return known
    this.#tools.count('encodings')
    const frame = Buffer.from(encodeFrame(make()))
    this.#frames.set(name, frame)
    return frame
  }
}

/** What others are told of a member; nothing while it has no key. */
export function recordOf(network: Network, member: Member): MemberRecord | undefined {
  if (!member.publicKey) return undefined
  const place = memberPlace(network, member.slot)
  return {
    node: member.node,
    publicKey: member.publicKey,
    keyVersion: member.keyVersion,
    ipv4: place.ipv4,
    ipv4PrefixLength: prefixLengthOf(place.subnetIpv4),
    ipv6: place.ipv6,
    ipv6PrefixLength: prefixLengthOf(place.subnetIpv6),
    revision: member.revision,
  }
}
