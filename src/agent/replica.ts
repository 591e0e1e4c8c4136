import { WeftError } from '../errors.ts'
import type { Identity, NodeId } from '../keys/identity.ts'
import type { VerifyKey } from '../keys/signature.ts'
import { allFromBase64Url, fromBase64Url, toBase64Url } from '../keys/text.ts'
import type { KeyPair } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import {
  type Head,
  openDelta,
  openHead,
  openSelf,
  type Point,
  type SelfContent,
  type Signed,
} from '../protocol/content.ts'
import type { Filter } from '../protocol/filter.ts'
import { changedFilter } from '../protocol/filter-part.ts'
import type { AgentFrameOf, AppliedPosition, ControllerFrameOf, ResumePosition } from '../protocol/frames.ts'
import type { MemberRecord } from '../protocol/record.ts'
import { View } from '../protocol/view.ts'
import type { Reach } from '../topology/reach.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { Evidence } from './evidence.ts'
import { ownKeys } from './own-keys.ts'
import { isOlder, notForUs, stale } from './point.ts'
import { type ToldHints, Whereabouts } from './whereabouts.ts'

/** The frames that carry what a member has to have. */
export type ContentFrame = ControllerFrameOf<'self' | 'current' | 'snapshot' | 'delta' | 'hints' | 'lan'>

/** What a frame came to: `gap` means that something in between is missing and a snapshot has to be asked for. */
export type Taken = 'changed' | 'unchanged' | 'gap'

interface Self {
  readonly frame: ControllerFrameOf<'self'>
  readonly content: SelfContent
  readonly keys: KeyPair
}

/**
 * What this node knows of one network. It takes only what the pinned controller signed, for this node, and never
 * something older than it has; a frame that is refused changes nothing.
 */
export class Replica {
  readonly network: NetworkId
  readonly #identity: Identity
  readonly #controllerKey: VerifyKey
  /** What is told of how members can be reached, and is not signed. */
  readonly #whereabouts: Whereabouts
  readonly #evidence: Evidence
  #self: Self | undefined
  #head: Head | undefined
  #view = new View()
  /** Members of whom something is new since it was last asked; undefined: of any. */
  #touched: Set<NodeId> | undefined

  constructor(network: NetworkId, identity: Identity, controllerKey: VerifyKey) {
    this.network = network
    this.#identity = identity
    this.#controllerKey = controllerKey
    this.#evidence = new Evidence(network)
    this.#whereabouts = new Whereabouts(identity.id, {
      isMember: (node) => this.#view.record(node) !== undefined,
      onNews: (node) => this.#touched?.add(node),
    })
  }

  /** Own key and places. Throws `digest-mismatch`, or `stale-revision` for what is older than known. */
  takeSelf(frame: ControllerFrameOf<'self'>): Taken {
    const content = openSelf(frame, this.#controllerKey)
    if (content.network !== this.network || content.record.node !== this.#identity.id) throw notForUs()
    const known = this.#self?.content
    if (known && isOlder(content, known)) throw stale(content, known)
    this.#self = { frame, content, keys: ownKeys(content, frame, this.#identity) }
    this.#evidence.takeSelf(content, frame)
    this.#touched = undefined
    return 'changed'
  }

  /** The whole set of records. */
  takeSnapshot(frame: ControllerFrameOf<'snapshot'>): Taken {
    const head = openHead(frame, this.#controllerKey)
    this.#expectNewer(head)
    const view = View.of(allFromBase64Url(frame.records), fromBase64Url(frame.filter ?? ''))
    if (view.digest() !== head.digest) {
      throw new WeftError(
        'digest-mismatch',
        'The records do not add up to the digest that is signed for them.',
      )
    }
    this.#view = view
    this.#take(head, 'head', frame)
    this.#whereabouts.forgetStrangers()
    this.#touched = undefined
    this.takeHints({ hints: frame.hints, whole: true })
    return 'changed'
  }

  /** A change of the set. One that is known already does nothing, so that late and doubled frames are harmless. */
  takeDelta(frame: ControllerFrameOf<'delta'>): Taken {
    const { head, from, upserts, removals, filter } = openDelta(frame, this.#controllerKey)
    if (head.network !== this.network) throw notForUs()
    const known = this.#head
    if (!known || head.epoch !== known.epoch) return 'gap'
    // One that leads to where we are may be the later of two, with hints that the earlier one did not have yet.
    if (isSamePoint(head, known)) return this.takeHints({ ...frame, hints: frame.hints ?? [] })
    if (head.revision <= known.revision) return 'unchanged'
    if (from !== known.revision) return 'gap'
    const changed = filter ?? this.#filterBy(frame)
    const touched = this.#view.changeTo(head.digest, upserts, removals, changed)
    for (const node of touched) this.#touched?.add(node)
    this.#take(head, 'delta', frame)
    for (const node of removals) this.#whereabouts.forget(node)
    this.takeHints({ ...frame, hints: frame.hints ?? [] })
    return 'changed'
  }

  /** The filter to which a delta leads that says how it changed. */
  #filterBy({ filterPart }: ControllerFrameOf<'delta'>): Uint8Array | undefined {
    if (filterPart === undefined) return undefined
    const [known, part] = [this.#view.filter, fromBase64Url(filterPart)]
    if (known && part) return changedFilter(known, part)
    throw new WeftError('digest-mismatch', 'It is told how a filter changed that is not here.')
  }

  /** The word that what we have is what there is, at this point; it renews the time for which the plan holds. */
  takeCurrent(frame: ControllerFrameOf<'current'>): Taken {
    const head = openHead(frame, this.#controllerKey)
    this.#expectNewer(head)
    const known = this.#head
    if (head.digest !== known?.digest) return 'gap'
    if (frame.hints !== undefined && frame.hints !== this.#whereabouts.digest) return 'gap'
    if (!this.#knowsItself()) return 'gap'
    this.#take(head, 'head', frame)
    return head.epoch === known.epoch && head.revision === known.revision ? 'unchanged' : 'changed'
  }

  /** How members can be reached, this node among them. What is not told any more is kept until something better comes. */
  takeHints(told: ToldHints): Taken {
    return this.#whereabouts.takeHints(told) ? 'changed' : 'unchanged'
  }

  /** Where members on the own LAN can be reached there, and how this node can be, unless all are told: what is new, or all. */
  takeLan(told: Pick<ControllerFrameOf<'lan'>, 'hints' | 'own' | 'part'>): Taken {
    return this.#whereabouts.takeLan(told) ? 'changed' : 'unchanged'
  }

  /** Undefined until there is something to stand on. */
  position(): AppliedPosition | undefined {
    if (!this.#self || !this.#head) return undefined
    const { network, epoch, revision, digest } = this.#head
    return { network, epoch, revision, digest, self: this.#selfRevisionIn(epoch) }
  }

  /** What need not be told again; without a digest when all of it has to be. Undefined: there is nothing of it here. */
  resumePosition(): ResumePosition | undefined {
    const known = this.#head ?? this.#self?.content
    if (!known) return undefined
    const { network, epoch, revision } = known
    const { digest } = this.position() ?? {}
    const lan = this.#whereabouts.lanDigest
    return {
      ...{ network, epoch, revision, self: this.#selfRevisionIn(epoch) },
      ...(digest && { digest, hints: this.#whereabouts.digest }),
      ...(lan && { lan }),
    }
  }

  /** Shows what the controller signed. Who is a member no more is told so as of that. */
  show(): AgentFrameOf<'proof'> | undefined {
    return this.#evidence.show()
  }

  /** What the controller signed for the point at which we are, or for the last one before it that is not too long to be shown. */
  get proof(): AgentFrameOf<'proof'> | undefined {
    return this.#evidence.proof
  }

  /** What it signed of this node itself. */
  get selfProof(): AgentFrameOf<'proof'> | undefined {
    return this.#evidence.selfProof
  }

  /** All that we have as one frame, under a head that is signed for it. */
  toSnapshot({ body, signature }: ControllerFrameOf<'current'>): ControllerFrameOf<'snapshot'> {
    const records = this.#view.encodedRecords().map(toBase64Url)
    const filter = toBase64Url(this.#view.encodedFilter)
    return {
      type: 'snapshot',
      body,
      signature,
      records,
      hints: this.#whereabouts.all,
      ...(filter && { filter }),
    }
  }

  /** What no snapshot tells: what this node is itself, and its LAN. Nothing while it was not told the first. */
  get apart(): readonly ContentFrame[] {
    if (!this.#self) return []
    const { own, hints } = this.#whereabouts.lan
    const lan: ContentFrame = { type: 'lan', network: this.network, hints, ...(own && { own }) }
    return [this.#self.frame, ...(own || hints.length > 0 ? [lan] : [])]
  }

  /** Whether a removal that is signed for this point of history concerns what we have. */
  isCoveredBy(removal: Point): boolean {
    const known = this.#evidence.shownAt ?? this.#head ?? this.#self?.content
    return !known || !isOlder(removal, known)
  }

  /** Seconds since 1970 at which the plan becomes stale. */
  get expiresAt(): number | undefined {
    return this.#head?.expiresAt
  }

  /** As it came. */
  get selfFrame(): ControllerFrameOf<'self'> | undefined {
    return this.#self?.frame
  }

  /** What this node was told of itself and the network. */
  get content(): SelfContent | undefined {
    return this.#self?.content
  }

  /** Whether this is the network by which relayed links travel. */
  get isTransit(): boolean {
    return this.content?.topology === 'transit'
  }

  get keys(): KeyPair | undefined {
    return this.#self?.keys
  }

  get name(): string {
    return this.#self?.content.name ?? this.network
  }

  /** The record of every other member. */
  others(): MemberRecord[] {
    return this.#view.records().filter(({ node }) => node !== this.#identity.id)
  }

  /**
   * Members of whom record, reach or LAN may be another than when this was last asked, those who left among them; undefined
   * when that may be any, or the network itself.
   */
  takeTouched(): ReadonlySet<NodeId> | undefined {
    const touched = this.#touched
    this.#touched = new Set()
    return touched
  }

  recordOf(node: NodeId): MemberRecord | undefined {
    return this.#view.record(node)
  }

  /** What is let in from the other members; undefined: everything. */
  get filter(): Filter | undefined {
    return this.#view.filter
  }

  /** What is known of where a member is; the same object until that changes. */
  reachOf(node: NodeId): Reach {
    return this.#whereabouts.reachOf(node)
  }

  lanOf(node: NodeId): readonly Endpoint[] {
    return this.#whereabouts.lanOf(node)
  }

  /** What this node was told of itself is what the others were told of it. */
  #knowsItself(): boolean {
    const told = this.#view.record(this.#identity.id)
    return this.#self !== undefined && (!told || told.revision === this.#self.content.record.revision)
  }

  #selfRevisionIn(epoch: number): number {
    const own = this.#self?.content
    return own?.epoch === epoch ? own.revision : 0
  }

  #take(head: Head, kind: 'head' | 'delta', signed: Signed): void {
    this.#head = head
    this.#evidence.takeHead(head, kind, signed)
  }

  #expectNewer(head: Head): void {
    if (head.network !== this.network) throw notForUs()
    if (this.#head && isOlder(head, this.#head)) throw stale(head, this.#head)
  }
}

function isSamePoint(a: Head, b: Head): boolean {
  return a.epoch === b.epoch && a.revision === b.revision && a.digest === b.digest
}
