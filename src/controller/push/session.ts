import type { WebSocket } from 'ws'
import type { NodeId } from '../../keys/identity.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Member, Network, State } from '../../model/state.ts'
import type { Point } from '../../protocol/content.ts'
import type {
  ControllerFrame,
  ControllerFrameOf,
  NetworkPosition,
  ResumePosition,
} from '../../protocol/frames.ts'
import type { LanStep, LanTold } from '../presence/lan-told.ts'
import { AgentSocket, type AgentSocketTools } from './agent-socket.ts'
import { type Evidence, hasLeftSince, isAhead } from './ahead.ts'
import { attempt } from './attempt.ts'
import type { Cursor } from './cursor.ts'
import type { Feed } from './feed.ts'
import { Hearing, type HearingTools } from './hearing.ts'
import type { Lag } from './lag.ts'
import { removedFrame, selfFrame } from './member-frames.ts'
import {
  applied,
  claimed,
  hasAnswered,
  knowsItself,
  NO_SELF,
  nothingTold,
  type Told,
  takeUp,
} from './told.ts'

export interface SessionTools extends AgentSocketTools, HearingTools {
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
  readonly lag: Lag
  /** The agent, which did not read for a while, was told all that was due to it. */
  readonly onDrained: () => void
}

/**
 * One authenticated agent. It keeps no queue: only how far the agent was told of each network. What is due is worked out
 * when the socket can take it, so a slow agent costs a few numbers a network and delays nobody.
 */
export class Session {
  readonly node: NodeId
  /** What is heard of it. */
  readonly hearing: Hearing
  readonly #socket: AgentSocket
  readonly #tools: SessionTools
  readonly #told = new Map<NetworkId, Told>()

  constructor(node: NodeId, socket: WebSocket, tools: SessionTools) {
    this.node = node
    this.#socket = new AgentSocket(socket, tools)
    this.#tools = tools
    this.hearing = new Hearing(node, this.#socket, tools)
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
    for (const id of known.keys()) this.#refute(id)
  }

  /** Starts over, because the agent asks for it: from where it says it stands, or with a snapshot. */
  resync(network: NetworkId, position: ResumePosition | undefined): void {
    if (this.#isMember(network)) this.#resumeNetwork(network, position)
    else this.#refute(network)
  }

  /**
   * The agent has shown until when it was told of a network. If it is a member no more, and our log surely knows more than that,
   * it is told so as of then: nothing that happened since is in that word.
   */
  shown({ epoch, revision, ...evidence }: Evidence): void {
    const [state, network] = [this.#tools.state(), evidence.network as NetworkId]
    const point = { network, epoch, revision }
    if (this.#isMember(network) || isAhead(state, point)) return
    if (hasLeftSince(state, this.node, point)) this.#sendRemoved(network, { epoch, revision })
  }

  /** Asks the agent what it has; its answer is for `resume`. One that does not read is asked the next time. */
  ask(question: ControllerFrameOf<'compare'>): void {
    if (!this.isFull) this.send(question)
  }

  /** The node has become a member of a network. @param at by the monotonic clock */
  added(network: NetworkId, at: number): void {
    const told = this.#toldOf(network)
    told.addedAt = at
    told.leftAt = undefined
  }

  /** The node is no member any more, as of a point that is told. */
  removed(network: NetworkId, at: Point): void {
    this.#toldOf(network).leftAt = at
    this.flush(network)
  }

  /** Sends what is due for a network, or nothing while the socket is full. @param network as it is now */
  flush(id: NetworkId, network = this.#tools.state().networks.get(id)): void {
    if (this.isFull) return
    const member = network?.members.get(this.node)
    if (!network || !member) return this.#leave(id)
    const told = this.#toldOf(id)
    if (told.position && isAhead(this.#tools.state(), told.position)) return
    if (!member.publicKey) return this.#askForKey(network, member, told)
    const feed = this.#tools.feed(id, this.node)
    if (!feed) return
    if (told.position) takeUp(told, told.position, feed, member)
    if (!this.#knowsItself(member, told)) this.#sendSelf(network, member, told)
    this.#sendContent(feed, told)
    this.#sendLan(id, told)
  }

  /** The socket was full and is not any more: everything is looked at again. */
  drained(): void {
    const [node, { log }] = [this.node, this.#tools]
    for (const network of this.#told.keys())
      attempt(log, 'telling an agent the rest', () => this.flush(network), { node, network })
    this.#tools.onDrained()
  }

  /** Sends an answer or an instruction, whether the agent reads or not, within a limit. */
  send(frame: ControllerFrame): void {
    this.#socket.insist(frame)
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

  /** Whether the agent has said of the latest of `feed`, since it was told that, that it is applied. */
  hasAnswered(network: NetworkId, feed: Feed): boolean {
    const told = this.#told.get(network)
    return told !== undefined && hasAnswered(told, feed)
  }

  /** The agent has applied this: how long that took is known if it was a change that went out in this session. */
  applied(position: NetworkPosition): void {
    const told = this.#told.get(position.network as NetworkId)
    const since = told && applied(told, position)
    if (since !== undefined) this.#tools.lag.applied(since)
  }

  /** Whether the agent was asked for the key that it offers; one that offers it once more was not. */
  takesKey(network: NetworkId, keyVersion: number): boolean {
    const told = this.#told.get(network)
    if (told?.keyWanted !== keyVersion) return false
    told.keyWanted = undefined
    return true
  }

  /** The key that the agent has offered could not be taken at the moment: it is asked for it once more. */
  wantKey(network: NetworkId): void {
    const told = this.#told.get(network)
    if (!told) return
    told.self = NO_SELF
    this.flush(network)
  }

  /** Whether the agent does not read what waits for it. Once it has read that, `onDrained` is called. */
  get isFull(): boolean {
    return this.#socket.isFullFor(this)
  }

  /** Bytes that have left this process. */
  get bytesGone(): number {
    return this.#socket.bytesGone
  }

  /** Whether the agent hears and says nothing any more. */
  get isOver(): boolean {
    return this.#socket.isOver
  }

  /** The socket has closed: nothing is owed any more. */
  end(): void {
    this.hearing.end()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  #resumeNetwork(id: NetworkId, position: ResumePosition | undefined): void {
    this.#told.set(id, claimed(position, this.#told.get(id)))
    if (position && isAhead(this.#tools.state(), position)) this.send({ type: 'prove', network: id })
    else this.flush(id)
  }

  /**
   * The agent has a network that it is no member of, or says so: whatever it claims, it hears the same, and is told what becomes
   * of that for what it can show. Unless it is still to be told that it left: more than it says may be on its way to it.
   */
  #refute(id: NetworkId): void {
    if (this.#told.get(id)?.leftAt) this.#leave(id)
    else this.send({ type: 'prove', network: id })
  }

  #isMember(id: NetworkId): boolean {
    return this.#tools.state().networks.get(id)?.members.has(this.node) === true
  }

  #toldOf(id: NetworkId): Told {
    const known = this.#told.get(id)
    if (known) return known
    const fresh = nothingTold()
    this.#told.set(id, fresh)
    return fresh
  }

  /** As of when it left, however long it could not be told: by another revision it would learn what became of the network since. */
  #leave(network: NetworkId): void {
    const at = this.#told.get(network)?.leftAt
    if (!at) return
    this.#told.delete(network)
    this.#sendRemoved(network, at)
  }

  #sendRemoved(network: NetworkId, at: Point): void {
    this.send(removedFrame({ network, node: this.node, ...at }, this.#tools.signing))
  }

  #askForKey(network: Network, member: Member, told: Told): void {
    if (this.#knowsItself(member, told)) return
    told.self = { revision: member.revision, epoch: this.#tools.state().epoch }
    told.keyWanted = member.keyVersion
    this.send({ type: 'key-wanted', network: network.id, keyVersion: member.keyVersion })
  }

  #knowsItself(member: Member, told: Told): boolean {
    return knowsItself(told, member, this.#tools.state().epoch)
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
    for (const message of frames) this.#socket.send(message.for(readsPacked, readsFilterParts))
    if (since === undefined) return
    this.#tools.lag.delivered(since)
    told.unapplied ??= { revision: cursor.revision, since }
  }

  #sendLan(network: NetworkId, told: Told): void {
    const step = this.#tools.lan(network, this.node, told.lan)
    told.lan = step.told
    if (step.message) this.#socket.send(step.message.for(this.#tools.readsPacked))
  }
}
