import type { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { SigningKey } from '../../keys/signature.ts'
import { failpoint } from '../../log/failpoint.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Member, Network, State } from '../../model/state.ts'
import {
  type ControllerFrame,
  type ControllerFrameOf,
  encodeFrame,
  type NetworkPosition,
  type ResumePosition,
} from '../../protocol/frames.ts'
import { claimedLan, knownLan, type LanStep, type LanTold, unknownLan } from '../presence/lan-told.ts'
import { isAhead } from './ahead.ts'
import { Asking, FACTS } from './asking.ts'
import type { Cursor } from './cursor.ts'
import type { Feed } from './feed.ts'
import type { Lag } from './lag.ts'
import { removedFrame, selfFrame } from './member-frames.ts'
import type { Parcel } from './message.ts'
import { Remarks } from './remarks.ts'

/** Bytes that may wait in a socket before the session is left alone until they are gone. */
const BUFFER_LIMIT = 1_048_576

/** Bytes of answers and instructions, which wait for nothing, that a full socket is given in addition. */
const OVERDRAFT_LIMIT = 1_048_576

/** What a session has been told of one network. */
interface Told {
  /** Undefined: it was told nothing yet. */
  cursor: Cursor | undefined
  lan: LanTold
  /** Revision of the member's own record, 0 before it was told, and the epoch in which it was. */
  self: { readonly revision: number; readonly epoch: number }
  /** Since when the node is a member, if it became one in this session and was told nothing yet. */
  addedAt: number | undefined
  /** The first change that it was sent and has not applied yet: of which revision, and since when there was one. */
  unapplied: { readonly revision: number; readonly since: number } | undefined
  /**
   * Where the agent says it is, until it is told something by that. While that is beyond our log, nothing that we have could
   * help it.
   */
  position: ResumePosition | undefined
}

export interface SessionTools {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
  readonly signing: SigningKey
  /** Whether the agent reads packed frames. */
  readonly readsPacked: boolean
  /** Whether it reads filters in parts. */
  readonly readsFilterParts: boolean
  readonly state: () => State
  /** What this node may see of a network. */
  readonly feed: (network: NetworkId, node: NodeId) => Feed | undefined
  /** Endpoints that only the LAN of the node may know, encoded once for all on it. */
  readonly lan: (network: NetworkId, node: NodeId, told: LanTold) => LanStep
  readonly sent: (frames: number, bytes: number) => void
  readonly lag: Lag
}

/**
 * One authenticated agent. It keeps no queue: only how far the agent was told of each network. What is due is worked out
 * when the socket can take it, so a slow agent costs a few numbers a network and delays nobody.
 */
export class Session {
  readonly node: NodeId
  /** What the agent asks for. */
  readonly asking: Asking
  /** What it tells of itself. */
  readonly telling: Asking
  /** What is written of it into our log. */
  readonly remarks: Remarks
  readonly #socket: WebSocket
  readonly #tools: SessionTools
  readonly #told = new Map<NetworkId, Told>()
  #waiting = false
  #bytesSent = 0
  #overdraft = 0

  constructor(node: NodeId, socket: WebSocket, tools: SessionTools) {
    this.node = node
    this.#socket = socket
    this.#tools = tools
    this.asking = new Asking(tools.clock)
    this.telling = new Asking(tools.clock, FACTS)
    this.remarks = new Remarks(tools.clock)
  }

  /**
   * Takes up where the agent says it stands, for each network that it is a member of. In the middle of a session, too: then
   * it is what heals whatever was lost, at either end, for what was told before counts no more.
   */
  resume(positions: readonly ResumePosition[]): void {
    const state = this.#tools.state()
    const known = new Map(positions.map((position) => [position.network as NetworkId, position]))
    for (const id of state.networksOfNode.get(this.node)?.keys() ?? []) {
      this.#resumeNetwork(id, known.get(id))
      known.delete(id)
    }
    for (const [id, position] of known) this.#refute(state, id, position)
  }

  /** Starts over, because the agent asks for it: from where it says it stands, or with a snapshot. */
  resync(network: NetworkId, position: ResumePosition | undefined): void {
    const state = this.#tools.state()
    if (state.networks.get(network)?.members.has(this.node)) this.#resumeNetwork(network, position)
    else if (position) this.#refute(state, network, position)
    else if (state.deletedNetworks.has(network)) this.#leave(network)
    // Who is no member and has nothing needs no word of it, and is not to learn how often the network changes.
  }

  /** Asks the agent what it has; its answer is for `resume`. One that does not read is asked the next time. */
  ask(question: ControllerFrameOf<'compare'>): void {
    if (!this.#isFull()) this.send(question)
  }

  /** The node has become a member of a network. @param at by the monotonic clock */
  added(network: NetworkId, at: number): void {
    this.#toldOf(network).addedAt = at
  }

  /** Sends what is due for a network, or nothing while the socket is full. @param network as it is now */
  flush(id: NetworkId, network = this.#tools.state().networks.get(id)): void {
    if (this.#isFull()) return
    const member = network?.members.get(this.node)
    if (!network || !member) return this.#leave(id)
    const told = this.#toldOf(id)
    if (told.position && isAhead(this.#tools.state(), told.position)) return
    if (!member.publicKey) return this.#askForKey(network, member, told)
    const feed = this.#tools.feed(id, this.node)
    if (!feed) return
    if (told.position) this.#takeUp(feed, member, told, told.position)
    if (!this.#knowsItself(member, told)) this.#sendSelf(network, member, told)
    this.#sendContent(feed, told)
    this.#sendLan(id, told)
  }

  /** Sends it whether the agent reads or not, within a limit: who goes on asking and never reads is cut off. */
  send(frame: ControllerFrame): void {
    const bytes = Buffer.from(encodeFrame(frame))
    const isFull = this.#socket.bufferedAmount > BUFFER_LIMIT
    this.#overdraft = isFull ? this.#overdraft + bytes.length : 0
    if (this.#overdraft > OVERDRAFT_LIMIT) return this.#socket.terminate()
    this.#send({ bytes, isBinary: false })
  }

  #send({ bytes, isBinary }: Parcel): void {
    if (this.isOver) return
    this.#bytesSent += bytes.length
    this.#tools.sent(1, bytes.length)
    failpoint('session-before-send')
    this.#socket.send(bytes, { binary: isBinary })
    failpoint('session-after-send')
  }

  /** What it was told of a network. */
  cursor(network: NetworkId): Cursor | undefined {
    return this.#told.get(network)?.cursor
  }

  /** Revision of the own record that it was told in the present epoch; 0: none. */
  ownRevision(network: NetworkId): number {
    const { self } = this.#told.get(network) ?? {}
    return self?.epoch === this.#tools.state().epoch ? self.revision : 0
  }

  /** Bytes that have left this process. */
  get bytesGone(): number {
    return this.#bytesSent - this.#socket.bufferedAmount
  }

  /** The agent has applied this: how long that took is known if it was a change that went out in this session. */
  applied({ network, epoch, revision }: NetworkPosition): void {
    const told = this.#told.get(network as NetworkId)
    const { unapplied } = told ?? {}
    if (!told || !unapplied || epoch !== told.cursor?.epoch || revision < unapplied.revision) return
    told.unapplied = undefined
    this.#tools.lag.applied(unapplied.since)
  }

  /** The key that the agent has offered could not be taken at the moment: it is asked for it once more. */
  wantKey(network: NetworkId): void {
    const told = this.#told.get(network)
    if (!told) return
    told.self = NO_SELF
    this.flush(network)
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  #resumeNetwork(id: NetworkId, position: ResumePosition | undefined): void {
    const before = this.#told.get(id)
    const lan = lanOf(position, before?.lan)
    this.#told.set(id, { ...nothingTold(), lan, unapplied: before?.unapplied, position })
    if (position && isAhead(this.#tools.state(), position)) this.send({ type: 'prove', network: id })
    else this.flush(id)
  }

  /** Only now, because the member may be told by another feed than when the agent said where it is. */
  #takeUp(feed: Feed, member: Member, told: Told, position: ResumePosition): void {
    told.position = undefined
    told.cursor = feed.resume(position)
    const hasSelf = told.cursor && hasOwn(member, position)
    if (hasSelf) told.self = { revision: member.revision, epoch: position.epoch }
  }

  /**
   * The agent has a network that it is no member of. It is told only if our log surely knows more than the agent: of now where
   * it was not told yet that it left, for then more than it says may be on its way to it.
   */
  #refute(state: State, id: NetworkId, position: ResumePosition): void {
    if (isAhead(state, position)) return this.send({ type: 'prove', network: id })
    const isOlder = state.networks.has(id) && position.epoch === state.epoch
    if (isOlder) this.#leave(id, this.#told.has(id) ? undefined : position.revision)
    else if (state.deletedNetworks.has(id)) this.#leave(id)
  }

  #toldOf(id: NetworkId): Told {
    const known = this.#told.get(id)
    if (known) return known
    const fresh = nothingTold()
    this.#told.set(id, fresh)
    return fresh
  }

  /** @param revision which the agent itself says it has: by another it would learn what became of the network since */
  #leave(network: NetworkId, revision?: number): void {
    this.#told.delete(network)
    const { state, signing } = this.#tools
    this.send(removedFrame(state(), { network, node: this.node, revision }, signing))
  }

  #askForKey(network: Network, member: Member, told: Told): void {
    if (this.#knowsItself(member, told)) return
    told.self = { revision: member.revision, epoch: this.#tools.state().epoch }
    this.send({ type: 'key-wanted', network: network.id, keyVersion: member.keyVersion })
  }

  #knowsItself({ revision }: Member, { self }: Told): boolean {
    return self.revision === revision && self.epoch === this.#tools.state().epoch
  }

  #sendSelf(network: Network, member: Member, told: Told): void {
    const state = this.#tools.state()
    const frame = selfFrame(state, network, member, this.#tools.signing)
    if (!frame) return
    told.self = { revision: member.revision, epoch: state.epoch }
    this.send(frame)
  }

  #sendContent(feed: Feed, told: Told): void {
    const { frames, cursor, since = told.addedAt } = feed.follow(feed.adopt(told.cursor))
    told.cursor = cursor
    told.addedAt = undefined
    const { readsPacked, readsFilterParts } = this.#tools
    for (const message of frames) this.#send(message.for(readsPacked, readsFilterParts))
    if (since === undefined) return
    this.#tools.lag.delivered(since)
    told.unapplied ??= { revision: cursor.revision, since }
  }

  #sendLan(network: NetworkId, told: Told): void {
    const step = this.#tools.lan(network, this.node, told.lan)
    told.lan = step.told
    if (step.message) this.#send(step.message.for(this.#tools.readsPacked))
  }

  /** A socket that closes takes nothing any more, keeps what it holds, and answers a ping at once. */
  get isOver(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN
  }

  /** When the socket is full, everything is looked at again as soon as what it holds has gone out. */
  #isFull(): boolean {
    if (this.isOver) return true
    if (this.#socket.bufferedAmount <= BUFFER_LIMIT) return false
    if (this.#waiting) return true
    this.#waiting = true
    // An empty ping is queued behind all that waits, so its callback says that this has been written.
    this.#socket.ping('', false, () => {
      this.#waiting = false
      for (const id of this.#told.keys()) this.flush(id)
    })
    return true
  }
}

/** Whether an agent has its own record as it is now. One that does not say which has that of its revision of the network. */
function hasOwn(member: Member, { self, revision }: ResumePosition): boolean {
  return self === undefined ? member.revision <= revision : member.revision === self
}

/**
 * What an agent has of its LAN. Who has nothing does not say so: neither one that comes and has nothing of the network, nor
 * one that shows all else that it has. Any other may still have what it was told once.
 */
function lanOf(position: ResumePosition | undefined, before: LanTold | undefined): LanTold {
  const hasNothing = position ? position.digest !== undefined : before === undefined
  return hasNothing || position?.lan !== undefined ? claimedLan(before, position?.lan) : unknownLan(before)
}

const NO_SELF = Object.freeze({ revision: 0, epoch: 0 })

function nothingTold(): Told {
  return {
    cursor: undefined,
    lan: knownLan(undefined),
    self: NO_SELF,
    addedAt: undefined,
    unapplied: undefined,
    position: undefined,
  }
}
