import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { Entry } from '../../log/log.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Network, State } from '../../model/state.ts'
import { parseAgentFrame } from '../../protocol/frames.ts'
import { REPLACED } from '../../protocol/handshake.ts'
import { type NodeReport, toNodeReport } from '../presence/facts.ts'
import type { Presence } from '../presence/presence.ts'
import type { ControllerSettings } from '../settings.ts'
import { Aftermath } from './aftermath.ts'
import { attempt } from './attempt.ts'
import type { Bounds } from './bounds.ts'
import { GOING_AWAY } from './close-codes.ts'
import { comparison, Rounds } from './comparison.ts'
import type { Cursor } from './cursor.ts'
import type { Origin } from './door.ts'
import { drainWindow } from './drain.ts'
import type { Feed } from './feed.ts'
import type { Feeds } from './feeds.ts'
import type { ProvenAgent } from './greeting.ts'
import { Heartbeat } from './heartbeat.ts'
import type { AgentInbox } from './inbox.ts'
import type { Lag } from './lag.ts'
import { Relays } from './relays.ts'
import { Roster } from './roster.ts'
import { Session } from './session.ts'

export interface FleetTools {
  readonly clock: Clock
  readonly log: Logger
  readonly settings: ControllerSettings
  readonly signing: SigningKey
  readonly state: () => State
  readonly presence: Presence
  readonly feeds: Feeds
  /** A session was opened; said before anything becomes known of it. */
  readonly onArrived: (node: NodeId) => void
  /** The members of a network that are connected were sent what is new, as far as they read. */
  readonly onPushed: (network: NetworkId) => void
  /** An agent that did not read when others were sent what is new was sent the rest, or there was none. */
  readonly onDrained: (node: NodeId) => void
  readonly inbox: AgentInbox
  readonly sent: (frames: number, bytes: number) => void
  readonly lag: Lag
  readonly bounds: Bounds
}

/** All connected agents: what they are told when something changes, and when they are given up. */
export class Fleet {
  readonly #tools: FleetTools
  readonly #roster = new Roster()
  readonly #relays: Relays
  readonly #aftermath: Aftermath
  readonly #heartbeat: Heartbeat
  readonly #rounds: Rounds

  constructor(tools: FleetTools) {
    this.#tools = tools
    this.#relays = new Relays(tools, (session) => this.#roster.get(session.node) === session)
    const { feeds } = tools
    const tell = (network: NetworkId) => feeds.turns.leave(this.#flush(network))
    this.#aftermath = new Aftermath({ ...tools, roster: this.#roster, relays: this.#relays, tell })
    feeds.onTouched((network, viewers) => feeds.turns.push(this.#flush(network, viewers)))
    this.#heartbeat = new Heartbeat(tools.settings.heartbeatSeconds)
    this.#rounds = new Rounds(tools.clock, (isAsked) => this.#compare(isAsked))
  }

  /** Opens the session of an agent that may come in: it is told what it lacks, and others that it is there. */
  welcome(socket: WebSocket, { node, hello }: ProvenAgent, { remoteAddress, seenFrom }: Origin): void {
    if (socket.readyState !== socket.OPEN) return
    this.#roster.get(node)?.close(REPLACED, 'replaced by a newer session')
    const { log, settings, feeds, presence, bounds } = this.#tools
    const session = this.#open(socket, node, hello)
    session.send({ type: 'welcome', node, heartbeatSeconds: settings.heartbeatSeconds })
    // Subscribed first, so that each feed is there and what the agent says is news to it.
    for (const id of this.#tools.state().networksOfNode.get(node)?.keys() ?? []) {
      feeds.get(id, node)
      this.#roster.subscribe(id, session)
    }
    this.#tools.onArrived(node)
    const now = this.#tools.clock.now()
    const report = toNodeReport(hello.facts, seenFrom, now)
    // Who has said too much of itself in other sessions is where it was, until it has its turn again.
    const isHeard = bounds.facts.take(node)
    presence.arrived(node, now, isHeard ? report : (presence.get(node)?.report ?? report))
    this.#listen(socket, session, { remoteAddress, node })
    // It may have come back from elsewhere: who is now where it was is nothing for it.
    feeds.onPlace(node)
    session.resume(hello.networks)
    if (isHeard) this.onFacts(node)
    else this.#reportLater(session, report)
    this.#relays.instruct(session)
    log.info({ remoteAddress, node }, 'agent connected')
  }

  /** What a log entry means for those connected. */
  onEntry(entry: Entry, before: State, state: State): void {
    this.#aftermath.onEntry(entry, before, state)
  }

  /** What follows for others from what became known about a node. */
  onFacts(node: NodeId): void {
    this.#tools.feeds.onFacts(node)
    this.#relays.onFacts(node)
  }

  /** An agent says what it has as a relay. */
  compareWitnesses(node: NodeId, digest: string | undefined): void {
    const session = this.#roster.get(node)
    if (session) this.#relays.compare(session, digest)
  }

  /** Tells all agents to come back in a moment, to another replica or to the next process, and lets them go. */
  drain(): void {
    this.#heartbeat.stop()
    this.#rounds.stop()
    const reconnectWithin = drainWindow(this.#roster.open.size)
    for (const session of this.#roster.open) {
      session.send({ type: 'drain', reconnectWithin })
      session.close(GOING_AWAY, 'draining')
    }
  }

  /** What the agent of a node was sent of a network; undefined while it is not connected. */
  cursor(node: NodeId, network: NetworkId): Cursor | undefined {
    return this.#roster.get(node)?.cursor(network)
  }

  /** Of which revision the own record is that the agent of a node was sent of a network; 0: none, or it is not connected. */
  ownRevision(node: NodeId, network: NetworkId): number {
    return this.#roster.get(node)?.ownRevision(network) ?? 0
  }

  /** Whether the agent of a node has answered the latest of `feed`. Where it is not here its replica vouches for what it says. */
  hasAnswered(node: NodeId, network: NetworkId, feed: Feed): boolean {
    return this.#roster.get(node)?.hasAnswered(network, feed) ?? true
  }

  /** Connected members that have not answered yet what they are to be told. */
  unanswered(network: NetworkId): NodeId[] {
    const { feeds } = this.#tools
    const sessions = [...this.#roster.membersOf(network)].filter((session) => {
      const feed = feeds.peek(network, session.node)
      return !feed || !session.hasAnswered(network, feed)
    })
    return sessions.map(({ node }) => node)
  }

  has(node: NodeId): boolean {
    return this.#roster.get(node) !== undefined
  }

  /** Whether a node that is connected is a member of a network. */
  isMember(node: NodeId, network: NetworkId): boolean {
    const session = this.#roster.get(node)
    return session !== undefined && this.#roster.membersOf(network).has(session)
  }

  /** Ends the session of a node that has a newer one at another replica. */
  replaced(node: NodeId): void {
    this.#roster.dismiss(node)?.close(REPLACED, 'replaced by a newer session')
  }

  get size(): number {
    return this.#roster.latest.size
  }

  #open(socket: WebSocket, node: NodeId, { packed, filterParts, lanParts }: ProvenAgent['hello']): Session {
    const { clock, log, signing, state, sent, lag, bounds, feeds, settings } = this.#tools
    const { heartbeatSeconds } = settings
    const session: Session = new Session(node, socket, {
      ...{ clock, log, signing, state, sent, lag, bounds, heartbeatSeconds },
      readsPacked: packed === true,
      readsFilterParts: filterParts === true,
      feed: (network, viewer) => feeds.get(network, viewer),
      lan: (network, viewer, told) => feeds.lan(network, viewer, told, lanParts === true),
      onDrained: () => {
        this.#relays.drained(session)
        this.#tools.onDrained(node)
      },
    })
    this.#roster.add(session)
    this.#heartbeat.add(socket, () => session.bytesGone)
    return session
  }

  #reportLater(session: Session, report: NodeReport): void {
    session.hearing.telling.ask('hello', () => {
      if (session.isOver) return
      this.#tools.presence.report(session.node, report)
      this.onFacts(session.node)
    })
  }

  #listen(socket: WebSocket, session: Session, who: { remoteAddress: string; node: NodeId }): void {
    const { log } = this.#tools
    socket.on('message', (data: Buffer) => {
      session.hearing.heard(data.length)
      // A session that closes lasts for as long as the other end likes, half a minute at most.
      if (session.isOver) return
      try {
        this.#tools.inbox.take(session, parseAgentFrame(data.toString()))
      } catch (error) {
        session.hearing.refuse(error, who)
      }
    })
    socket.on('close', (code) => {
      log.info({ ...who, code, ...session.hearing.remarks.leftOut }, 'agent left')
      this.#forget(session)
    })
  }

  #forget(session: Session): void {
    session.end()
    const didCount = this.#roster.remove(session)
    this.#relays.forget(session)
    if (didCount) this.#tools.presence.left(session.node, this.#tools.clock.now())
  }

  /**
   * A step for each session: each is told what is due to it by then, so others may have their turn in between.
   * @param viewers those that have something to be told, if not all
   */
  *#flush(network: NetworkId, viewers?: readonly NodeId[]): Generator<void, void> {
    const all = viewers?.map((node) => this.#roster.get(node)) ?? [...this.#roster.membersOf(network)]
    let [before, latest]: [State | undefined, Network | undefined] = [undefined, undefined]
    for (const session of all) {
      // It may have gone, or have left the network.
      if (!session || !this.#roster.membersOf(network).has(session)) continue
      const state = this.#tools.state()
      // Looked up once for all that follow each other, for there may be many thousands.
      if (state !== before) [before, latest] = [state, state.networks.get(network)]
      this.#tell(session, network, latest)
      yield
    }
    this.#tools.onPushed(network)
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
    for (const [node, session] of this.#roster.latest)
      if (isAsked(node))
        attempt(log, 'comparing', () => session.ask(comparison(node, presence, feeds)), { node })
  }
}
