import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import { type Address, parseAddress } from '../../address/cidr.ts'
import type { Clock } from '../../clock.ts'
import { toWeftError, WeftError } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { Random } from '../../keys/random.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { Entry } from '../../log/log.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Network, State } from '../../model/state.ts'
import { type ControllerFrame, encodeFrame, parseAgentFrame } from '../../protocol/frames.ts'
import { REPLACED, signTranscript } from '../../protocol/handshake.ts'
import { toNodeReport } from '../presence/facts.ts'
import type { Presence } from '../presence/presence.ts'
import type { ControllerSettings } from '../settings.ts'
import { attempt } from './attempt.ts'
import { comparison, Rounds } from './comparison.ts'
import type { Cursor } from './cursor.ts'
import { drainWindow } from './drain.ts'
import type { Feeds } from './feeds.ts'
import { greet, type ProvenAgent } from './greeting.ts'
import { Heartbeat } from './heartbeat.ts'
import type { AgentInbox } from './inbox.ts'
import type { Lag } from './lag.ts'
import { Relays } from './relays.ts'
import { Session } from './session.ts'

export interface FleetTools {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly settings: ControllerSettings
  readonly signing: SigningKey
  readonly state: () => State
  readonly presence: Presence
  readonly feeds: Feeds
  /** Enrols the agent if it is new or brings a token; rejects when it may not come in. */
  readonly admit: (agent: ProvenAgent, from: Address | undefined) => Promise<void>
  /** Resolves with a state in which everything is that is durable now. */
  readonly catchUp: () => Promise<State>
  /** A session was opened; said before anything becomes known of it. */
  readonly onArrived: (node: NodeId) => void
  readonly inbox: AgentInbox
  readonly sent: (frames: number, bytes: number) => void
  readonly lag: Lag
}

/** Over what an agent is connected. */
export interface Channel {
  /** What only its two ends can know (RFC 9266); empty without TLS. */
  readonly binding: Uint8Array
  readonly remoteAddress: string
  /** Undefined: what is written goes out as it comes. */
  readonly wire?: Pick<Duplex, 'cork' | 'uncork'>
}

/** A close code of our own (RFC 6455 section 7.4.2). */
const REFUSED = 4_002
const GOING_AWAY = 1_001

/** All connected agents: who may come in, what they are told when something changes, and when they are given up. */
export class Fleet {
  readonly #tools: FleetTools
  readonly #sessions = new Map<NodeId, Session>()
  readonly #members = new Map<NetworkId, Set<Session>>()
  /** The networks in whose `#members` a session is. */
  readonly #networks = new Map<Session, Set<NetworkId>>()
  readonly #sockets = new Map<WebSocket, Session>()
  readonly #relays: Relays
  /** Sockets that have not proven yet who they are. */
  readonly #greeting = new Set<WebSocket>()
  readonly #heartbeat: Heartbeat
  readonly #rounds: Rounds
  #draining = false

  constructor(tools: FleetTools) {
    this.#tools = tools
    this.#relays = new Relays(tools, (session) => this.#sessions.get(session.node) === session)
    tools.feeds.onTouched((network, viewers) => tools.feeds.turns.push(this.#flush(network, viewers)))
    this.#heartbeat = new Heartbeat(tools.settings.heartbeatSeconds)
    this.#rounds = new Rounds(tools.clock, (isAsked) => this.#compare(isAsked))
  }

  /** Takes a socket that has just been opened; it has HANDSHAKE_LIMIT ms to prove who it is. */
  async accept(socket: WebSocket, channel: Channel): Promise<void> {
    const { log } = this.#tools
    const { remoteAddress } = channel
    socket.on('error', ({ message: reason }) => log.debug({ remoteAddress, reason }, 'agent socket failed'))
    try {
      this.#greeting.add(socket)
      if (this.#draining) throw new WeftError('unavailable', 'This controller is stopping.')
      const agent = await greet(socket, channel.binding, this.#tools)
      if (isRemoved(this.#tools.state(), agent)) {
        // It may have joined again at another replica a moment ago.
        if (isRemoved(await this.#tools.catchUp(), agent)) return this.#dismiss(socket, agent)
      }
      const seenFrom = addressIn(remoteAddress)
      await this.#tools.admit(agent, seenFrom)
      // It may have been removed in the moment after it was let in.
      if (!this.#tools.state().nodes.has(agent.node)) return this.#dismiss(socket, agent)
      inOnePiece(channel, () => this.#welcome(socket, agent, { remoteAddress, seenFrom }))
    } catch (error) {
      const { code, message, cause } = toWeftError(error)
      log.info({ remoteAddress, code, cause }, 'agent refused')
      refuse(socket, { type: 'error', code, message })
    } finally {
      this.#greeting.delete(socket)
    }
  }

  /** What a log entry means for those connected. */
  onEntry(entry: Entry, before: State, state: State): void {
    for (const event of entry.events) this.#onEvent(event, state)
    this.#relays.onEntry(entry, before)
  }

  /** What follows for others from what became known about a node. */
  onFacts(node: NodeId): void {
    this.#tools.feeds.onFacts(node)
    this.#relays.onFacts(node)
  }

  /** An agent says what it has as a relay. */
  compareWitnesses(node: NodeId, digest: string | undefined): void {
    const session = this.#sessions.get(node)
    if (session) this.#relays.compare(session, digest)
  }

  /** Tells all agents to come back in a moment, to another replica or to the next process, and lets them go. */
  drain(): void {
    this.#draining = true
    this.#heartbeat.stop()
    this.#rounds.stop()
    for (const socket of this.#greeting) socket.close(GOING_AWAY, 'draining')
    const reconnectWithin = drainWindow(this.#sockets.size)
    for (const [socket, session] of this.#sockets) {
      session.send({ type: 'drain', reconnectWithin })
      socket.close(GOING_AWAY, 'draining')
    }
  }

  /** What the agent of a node was sent of a network; undefined while it is not connected. */
  cursor(node: NodeId, network: NetworkId): Cursor | undefined {
    return this.#sessions.get(node)?.cursor(network)
  }

  /** Of which revision the own record is that the agent of a node was sent of a network; 0: none, or it is not connected. */
  ownRevision(node: NodeId, network: NetworkId): number {
    return this.#sessions.get(node)?.ownRevision(network) ?? 0
  }

  has(node: NodeId): boolean {
    return this.#sessions.has(node)
  }

  /** Whether a node that is connected is a member of a network. */
  isMember(node: NodeId, network: NetworkId): boolean {
    const session = this.#sessions.get(node)
    return session !== undefined && this.#networks.get(session)?.has(network) === true
  }

  /** Ends the session of a node that has a newer one at another replica. */
  replaced(node: NodeId): void {
    const session = this.#sessions.get(node)
    this.#sessions.delete(node)
    session?.close(REPLACED, 'replaced by a newer session')
  }

  get isDraining(): boolean {
    return this.#draining
  }

  get size(): number {
    return this.#sessions.size
  }

  #welcome(
    socket: WebSocket,
    agent: ProvenAgent,
    { remoteAddress, seenFrom }: { readonly remoteAddress: string; readonly seenFrom: Address | undefined },
  ): void {
    if (socket.readyState !== socket.OPEN) return
    const { node, hello } = agent
    this.#sessions.get(node)?.close(REPLACED, 'replaced by a newer session')
    const { clock, log, signing, state, sent, lag, feeds } = this.#tools
    const session = new Session(node, socket, {
      ...{ clock, log, signing, state, sent, lag },
      readsPacked: hello.packed === true,
      readsFilterParts: hello.filterParts === true,
      feed: (network, viewer) => feeds.get(network, viewer),
      lan: (network, viewer, told) => feeds.lan(network, viewer, told, hello.lanParts === true),
    })
    this.#sessions.set(node, session)
    this.#sockets.set(socket, session)
    this.#heartbeat.add(socket, () => session.bytesGone)
    const { heartbeatSeconds } = this.#tools.settings
    session.send({ type: 'welcome', node, heartbeatSeconds })
    // Subscribed first, so that each feed is there and what the agent says is news to it.
    for (const id of this.#tools.state().networksOfNode.get(node)?.keys() ?? []) {
      feeds.get(id, node)
      this.#subscribe(id, session)
    }
    this.#tools.onArrived(node)
    const now = this.#tools.clock.now()
    this.#tools.presence.arrived(node, now, toNodeReport(hello.facts, seenFrom, now))
    this.#listen(socket, session, { remoteAddress, node })
    // It may have come back from elsewhere: who is now where it was is nothing for it.
    feeds.onPlace(node)
    session.resume(hello.networks)
    this.onFacts(node)
    this.#relays.instruct(session)
    log.info({ remoteAddress, node }, 'agent connected')
  }

  #listen(socket: WebSocket, session: Session, who: { remoteAddress: string; node: NodeId }): void {
    const { log } = this.#tools
    socket.on('message', (data: Buffer) => {
      try {
        this.#tools.inbox.take(session, parseAgentFrame(data.toString()))
      } catch (error) {
        const { code, message } = toWeftError(error)
        session.remarks.warn(log, { ...who, code, reason: message }, 'frame refused')
        session.send({ type: 'error', code, message })
      }
    })
    socket.on('close', (code) => {
      log.info({ ...who, code }, 'agent left')
      this.#forget(socket, session)
    })
  }

  #forget(socket: WebSocket, session: Session): void {
    this.#sockets.delete(socket)
    for (const network of this.#networks.get(session) ?? []) this.#drop(network, session)
    this.#networks.delete(session)
    this.#relays.forget(session)
    if (this.#sessions.get(session.node) !== session) return
    this.#sessions.delete(session.node)
    this.#tools.presence.left(session.node, this.#tools.clock.now())
  }

  #onEvent(event: Event, state: State): void {
    switch (event.type) {
      case 'member-added': {
        const session = this.#sessions.get(event.node)
        if (session) this.#subscribe(event.network, session)
        session?.added(event.network, this.#tools.clock.monotonic())
        break
      }
      case 'member-removed': {
        const session = this.#sessions.get(event.node)
        this.#tools.presence.forgetMember(event.node, event.network)
        if (session) this.#unsubscribe(event.network, session)
        break
      }
      case 'network-deleted':
        for (const session of this.#members.get(event.id) ?? []) this.#unsubscribe(event.id, session)
        break
      case 'node-removed':
        this.#tools.presence.forget(event.id)
        this.#dropWitness(event.id)
        this.#sessions.get(event.id)?.close(REFUSED, 'this node was removed')
        break
      case 'node-roles-set': {
        if (!event.roles.includes('relay')) this.#dropWitness(event.id)
        const session = this.#sessions.get(event.id)
        if (session) this.#relays.instruct(session)
        break
      }
      case 'epoch-raised':
        for (const id of state.networks.keys()) this.#tools.feeds.turns.leave(this.#flush(id))
        break
      default:
    }
  }

  /** A node that is no relay any more is not believed any more either. */
  #dropWitness(relay: NodeId): void {
    for (const { network, node } of this.#tools.presence.dropWitness(relay))
      this.#tools.feeds.onFacts(node, network)
  }

  #subscribe(network: NetworkId, session: Session): void {
    addTo(this.#members, network, session)
    addTo(this.#networks, session, network)
  }

  #unsubscribe(network: NetworkId, session: Session): void {
    this.#drop(network, session)
    this.#networks.get(session)?.delete(network)
    session.flush(network)
  }

  #drop(network: NetworkId, session: Session): void {
    const sessions = this.#members.get(network)
    sessions?.delete(session)
    if (sessions?.size === 0) this.#members.delete(network)
  }

  /**
   * A step for each session: each is told what is due to it by then, so others may have their turn in between.
   * @param viewers those that have something to be told, if not all
   */
  *#flush(network: NetworkId, viewers?: readonly NodeId[]): Generator<void, void> {
    const all = viewers?.map((node) => this.#sessions.get(node)) ?? [...(this.#members.get(network) ?? [])]
    let [before, latest]: [State | undefined, Network | undefined] = [undefined, undefined]
    for (const session of all) {
      // It may have gone, or have left the network.
      if (!session || !this.#members.get(network)?.has(session)) continue
      const state = this.#tools.state()
      // Looked up once for all that follow each other, for there may be many thousands.
      if (state !== before) [before, latest] = [state, state.networks.get(network)]
      this.#tell(session, network, latest)
      yield
    }
  }

  /** What fails for one is none of the others' business. */
  #tell(session: Session, network: NetworkId, latest: Network | undefined): void {
    try {
      session.flush(network, latest)
    } catch (err) {
      this.#tools.log.error({ err, node: session.node, network }, 'an agent could not be told')
    }
  }

  #compare(isAsked: (node: NodeId) => boolean): void {
    const { presence, feeds, log } = this.#tools
    for (const [node, session] of this.#sessions)
      if (isAsked(node))
        attempt(log, 'comparing', () => session.ask(comparison(node, presence, feeds)), { node })
  }

  /** Tells a removed node so, signed over this very handshake: it takes down what it had. */
  #dismiss(socket: WebSocket, { transcript }: ProvenAgent): void {
    const signature = signTranscript(this.#tools.signing, 'weft/1 farewell', transcript)
    refuse(socket, { type: 'farewell', signature })
  }
}

/** What is sent at once travels in one piece, which costs both ends less. */
function inOnePiece({ wire }: Channel, send: () => void): void {
  wire?.cork()
  try {
    send()
  } finally {
    wire?.uncork()
  }
}

function addTo<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value))
}

function isRemoved(state: State, { node, hello }: ProvenAgent): boolean {
  return state.removedNodes.has(node) && !hello.join
}

function refuse(socket: WebSocket, frame: ControllerFrame): void {
  if (socket.readyState !== socket.OPEN) return
  socket.send(encodeFrame(frame))
  socket.close(REFUSED, 'refused')
}

/** The other end of a connection, where it is an address that others may see too. */
function addressIn(text: string): Address | undefined {
  try {
    return parseAddress(text.replace(/^::ffff:/, ''))
  } catch {
    return undefined
  }
}
