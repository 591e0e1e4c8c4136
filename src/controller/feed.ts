import { memberPlace } from '../address/allocation.ts'
import { prefixLengthOf } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { SigningKey } from '../keys/signature.ts'
import { toBase64Url } from '../keys/text.ts'
import { type Member, type Network, type Node, SITE_LABEL } from '../model/state.ts'
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
  /** Of the feed after this touch. */
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
  readonly node: (id: NodeId) => Node | undefined
  /** Whether the audience of this feed may see a member. */
  readonly shows: (node: Node) => boolean
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
  readonly #view = new View()
  readonly #hints = new Map<NodeId, Hint>()
  readonly #frames = new Map<string, Buffer>()
  readonly #network: Network['id']
  /** Of the network, when something that this audience sees last changed. */
  #revision: number
  #ring: Touch[] = []
  /** Touches that have left the ring. */
  #dropped = 0
  #head: { readonly head: Head; readonly signed: Signed } | undefined

  constructor(network: Network, tools: FeedTools) {
    this.#tools = tools
    this.#network = network.id
    this.#revision = network.revision
    const records = [...network.members.values()].map((member) => this.#recordOf(network, member))
    this.#view.change(records.filter((record) => record !== undefined).map(encodeRecord), [])
  }

  /** Takes over the network as it is now; `touched` are the members that came, went or changed. Whether that was news. */
  advance(network: Network, touched: readonly NodeId[]): boolean {
    const news = touched.filter((node) => this.#touchRecord(network, node))
    return news.length > 0
  }

  /** How a member can be reached from now on. Whether that was news. */
  hint(hint: Hint): boolean {
    const node = hint.node as NodeId
    if (!this.#view.record(node) || sameHint(this.#hints.get(node), hint)) return false
    this.#hints.set(node, hint)
    this.#touch({ node, what: 'hint', revision: this.#revision, digest: '' })
    return true
  }

  /** The cursor of a session that knows everything. */
  get end(): Cursor {
    return { touch: this.#dropped + this.#ring.length, revision: this.#revision }
  }

  get epoch(): number {
    return this.#tools.epoch
  }

  /** Of what the audience sees. */
  get digest(): string {
    return this.#view.digest()
  }

  /** The cursor of an agent that says it has `position`; undefined when only a snapshot can help it. */
  resume({ epoch, revision, digest }: NetworkPosition): Cursor | undefined {
    if (epoch !== this.#tools.epoch || revision > this.#revision) return undefined
    // A controller that has just started does not know since when a set is as it is; the digest does.
    if (digest === this.#view.digest()) return this.end
    const at = this.#ring.findLastIndex((touch) => touch.what === 'record' && touch.revision === revision)
    return this.#ring[at]?.digest === digest ? { touch: this.#dropped + at + 1, revision } : undefined
  }

  /** All that is known of where members are, for an agent that resumes: what it missed of that is in no revision. */
  allHints(): Buffer {
    return this.#once('hints', () => {
      return { type: 'hints', network: this.#network, hints: [...this.#hints.values()] }
    })
  }

  /** What brings a session from `cursor` to the end: nothing, hints, a delta, or a snapshot. */
  framesSince(cursor: Cursor | undefined): Buffer | undefined {
    const end = this.end
    if (!cursor || cursor.touch < this.#dropped) return this.#once('snapshot', () => this.#snapshot())
    if (cursor.touch === end.touch) return undefined
    const touches = this.#ring.slice(cursor.touch - this.#dropped)
    if (touches.length > SMALL && touches.length > this.#view.size) {
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

  /** A member that the audience does not see, and did not, changes nothing. */
  #touchRecord(network: Network, node: NodeId): boolean {
    const member = network.members.get(node)
    const record = member && this.#recordOf(network, member)
    if (!record && !this.#view.record(node)) return false
    this.#revision = network.revision
    if (record) this.#view.change([encodeRecord(record)], [])
    else this.#view.change([], [node])
    if (!record) this.#hints.delete(node)
    this.#touch({ node, what: 'record', revision: this.#revision, digest: this.#view.digest() })
    return true
  }

  #recordOf(network: Network, member: Member): MemberRecord | undefined {
    const node = this.#tools.node(member.node)
    return node && this.#tools.shows(node) ? recordOf(network, member, node) : undefined
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
      network: this.#network,
      epoch: this.#tools.epoch,
      revision: this.#revision,
      digest: this.#view.digest(),
      expiresAt: this.#tools.expiresAt(),
    }
  }

  #snapshot(): ControllerFrame {
    const records = this.#view.encodedRecords().map(toBase64Url)
    return { type: 'snapshot', ...this.head().signed, records, hints: [...this.#hints.values()] }
  }

  #difference(from: number, touches: readonly Touch[]): ControllerFrame {
    const touched = new Set(touches.map(({ node }) => node))
    const hints = [...touched].map((node) => this.#hints.get(node)).filter((hint) => hint !== undefined)
    const nodes = [...new Set(touches.filter(({ what }) => what === 'record').map(({ node }) => node))]
    if (nodes.length === 0) return { type: 'hints', network: this.#network, hints }
    const upserts = nodes.map((node) => this.#view.encodedRecord(node)).filter((one) => one !== undefined)
    const removals = nodes.filter((node) => !this.#view.encodedRecord(node))
    this.#tools.count('signatures')
    const signed = signDelta({ head: this.#plainHead(), from, upserts, removals }, this.#tools.signing)
    return hints.length > 0 ? { type: 'delta', ...signed, hints } : { type: 'delta', ...signed }
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

/** Fewer touches than this always travel as a delta. */
const SMALL = 64

/** What others are told of a member; nothing while it has no key. */
export function recordOf(network: Network, member: Member, node: Node): MemberRecord | undefined {
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
    roles: node.roles,
    site: node.labels[SITE_LABEL] ?? '',
  }
}

/** Hints are small and plain, and always made by the same function, so their text tells. */
function sameHint(a: Hint | undefined, b: Hint): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b)
}
