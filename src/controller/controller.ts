import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import type { WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Random } from '../keys/random.ts'
import type { SecretBytes } from '../keys/secret.ts'
import { toBase32 } from '../keys/text.ts'
import type { Entry } from '../log/log.ts'
import type { Event } from '../model/event.ts'
import type { Network, State } from '../model/state.ts'
import { formatJoinToken } from '../protocol/jointoken.ts'
import { Admission } from './admission.ts'
import { AuditTrail } from './audit/trail.ts'
import type { OpenAuthority } from './authority.ts'
import { disableWebhook } from './commands/webhook.ts'
import { type GraphQuery, type GraphTools, type NetworkGraph, networkGraph } from './graph/graph.ts'
import { History } from './graph/history.ts'
import { type LinkDetail, linkDetail } from './graph/link.ts'
import { explainLink, type LinkExplanation } from './graph/links.ts'
import { Traffic } from './graph/traffic.ts'
import { Watch } from './graph/watch.ts'
import { catchUpInTime, changeInTime, type Deadline, deadlineOf } from './intime.ts'
import { LogMark } from './ledger/continuity.ts'
import { writeKeptHead } from './ledger/kepthead.ts'
import type { ChangeRequest, Outcome } from './ledger/ledger.ts'
import type { Notebook } from './ledger/notebook.ts'
import type { OpenLedger } from './ledger/openledger.ts'
import { Upkeep } from './ledger/upkeep.ts'
import { openMeters } from './meters.ts'
import { Mint } from './mint.ts'
import { publicUrls } from './places.ts'
import { Presence, type PresenceNews } from './presence/presence.ts'
import { type Board, Sharing } from './presence/sharing.ts'
import { type Convergence, convergence } from './push/convergence.ts'
import type { Feed } from './push/feed.ts'
import { Feeds } from './push/feeds.ts'
import { Fleet } from './push/fleet.ts'
import type { Forecast } from './push/forecast.ts'
import { AgentInbox } from './push/inbox.ts'
import { Lag } from './push/lag.ts'
import { type MemberState, memberState } from './push/standing.ts'
import type { ControllerSettings } from './settings.ts'
import type { Viewer } from './sight.ts'
import { type Decision, SYSTEM, type Tools } from './tools.ts'
import type { Vault } from './vault.ts'
import { Webhooks } from './webhooks/webhooks.ts'

export interface ControllerTools {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** What somebody wants to be changed. */
interface Asked extends Pick<ChangeRequest, 'actor' | 'request' | 'origin'> {
  readonly operation?: string
  /** Undefined: it is asked for now. */
  readonly deadline?: Deadline | undefined
}

/** What a controller is made of, opened for use (open.ts). */
export interface Parts extends ControllerTools, OpenLedger {
  readonly settings: ControllerSettings
  readonly notes: Notebook
  readonly authority: OpenAuthority
  readonly vault: Vault
  readonly firstAdminToken: SecretBytes | undefined
}

/** One controller: the projection of its log, the agents connected to it, and the way to change what they get. */
export class Controller implements AsyncDisposable {
  readonly settings: ControllerSettings
  readonly metrics = new Registry()
  readonly authority: OpenAuthority
  /** Known only to the process that made it; to be shown once. */
  readonly firstAdminToken: SecretBytes | undefined
  /** Resolves when the process must stop, because what it wrote can no longer be vouched for. */
  readonly fatal: Promise<WeftError>
  readonly #parts: Parts
  readonly #presence: Presence
  readonly #feeds: Feeds
  readonly #fleet: Fleet
  readonly #sharing: Sharing | undefined
  readonly #traffic = new Traffic()
  /** What changed, when, and by whom; and what was at any revision. */
  readonly history: History
  /** Secrets that lie sealed in the log. */
  readonly vault: Vault
  /** Makes the keys of members ahead. */
  readonly mint: Mint
  /** What receivers outside are told, and how that went. */
  readonly webhooks: Webhooks
  /** Who did what, from where, with before and after. */
  readonly audit: AuditTrail
  /** What changes on the pictures that somebody looks at. */
  readonly watch: Watch
  /** Aborted when the controller begins to stop: whoever holds a connection open lets go of it. */
  readonly draining: AbortSignal
  readonly #draining = new AbortController()
  readonly #logMark: LogMark
  readonly #upkeep: Upkeep
  #failed = false
  #places: readonly string[]
  /** Tells this process from all others, and how many changes it has named. */
  readonly #run: string
  #operations = 0
  /** Notes how long a change took, in ms. */
  readonly #durable: (milliseconds: number) => void

  constructor(parts: Parts) {
    this.#parts = parts
    this.#run = toBase32(parts.random(16))
    this.settings = parts.settings
    this.#places = parts.settings.listen
    this.authority = parts.authority
    this.vault = parts.vault
    this.firstAdminToken = parts.firstAdminToken
    this.fatal = parts.fatal
    this.fatal.then(() => {
      this.#failed = true
    })
    this.mint = new Mint((cause) => parts.log.warn({ cause }, 'keys are made on the main thread from now on'))
    this.draining = this.#draining.signal
    this.history = new History(parts.store, () => this.state)
    this.audit = new AuditTrail(parts.store)
    this.watch = new Watch({ clock: parts.clock, observations: () => this.#observations() })
    const presence = new Presence(parts.notes)
    presence.recall((node) => this.state.nodes.has(node))
    this.#presence = presence
    const state = () => this.state
    const catchUp = () => parts.ledger.catchUp()
    const common = { ...parts, presence, state, signing: parts.authority.signing, metrics: this.metrics }
    const counters = openMeters(this.metrics, { state, connected: () => this.#fleet.size })
    this.#durable = counters.durable
    this.#feeds = new Feeds({ ...common, recent: parts.ledger.recent, count: (what) => counters[what].inc() })
    const admission = new Admission({
      ...common,
      catchUp,
      change: (request, decide) => this.change(request, decide),
      controllerKey: parts.authority.signing.publicKey,
    })
    const inbox = new AgentInbox({
      ...common,
      feeds: this.#feeds,
      isMember: (...place) => this.#fleet.isMember(...place),
      onFacts: (node) => this.#fleet.onFacts(node),
      compareWitnesses: (...had) => this.#fleet.compareWitnesses(...had),
      certify: (node, offer) => admission.certify(node, presence.get(node)?.report.seenFrom, offer),
      onProof: (...proof) => admission.takeProof(...proof),
    })
    this.#fleet = new Fleet({
      ...common,
      feeds: this.#feeds,
      inbox,
      admit: (...agent) => admission.admit(...agent),
      catchUp,
      onArrived: (node) => this.#sharing?.arrived(node),
      sent: counters.sent,
      lag: new Lag(this.metrics, () => parts.clock.monotonic()),
    })
    this.#sharing = parts.board && this.#share(parts.board)
    this.#logMark = new LogMark(parts.notes, parts.store, parts.clock)
    this.#upkeep = new Upkeep({ ...common, keepHead: (head) => writeKeptHead(parts.headFile, head) })
    this.webhooks = new Webhooks({
      ...common,
      history: this.history,
      disable: async (id, why) => {
        await this.change({ actor: SYSTEM }, (now) => disableWebhook(now, id, why))
      },
    })
    parts.ledger.onEntry((entry, before, after) => {
      this.#logMark.onEntry()
      this.#feeds.onEntry(entry, before, after)
      this.#fleet.onEntry(entry, before, after)
      this.history.remember(entry, before)
      this.watch.onEntry(entry, before, after)
      this.#upkeep.onEntry(entry)
      this.webhooks.onEntry(entry, after)
    })
    this.#presence.onNews((news) => {
      this.watch.onPresence(news)
      this.#keepTraffic(news)
    })
  }

  #share(board: Board): Sharing {
    return new Sharing({
      board,
      presence: this.#presence,
      now: () => this.#parts.clock.now(),
      isHere: (node) => this.#fleet.has(node),
      replaced: (node) => this.#fleet.replaced(node),
      onFacts: (node) => this.#fleet.onFacts(node),
    })
  }

  /** What is durable. A value: it does not change, a later call may give another. */
  get state(): State {
    return this.#parts.ledger.state
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#parts.clock.now()
  }

  /** Of a request that comes in now. */
  deadline(kind: 'read' | 'change'): Deadline {
    return deadlineOf(this.#parts.clock.monotonic(), kind)
  }

  /** Resolves when everything is in the state that is durable anywhere by now. Rejects when the store does not say. */
  async catchUp({ known }: Deadline): Promise<void> {
    if (this.settings.store === 'sqlite') return
    await catchUpInTime(this.#parts.ledger.catchUp(), known - this.#parts.clock.monotonic())
  }

  /** Resolves when the state has come to `sequence`; rejects with `store-unavailable` when that takes too long. */
  async comeTo(sequence: number, { known }: Deadline): Promise<void> {
    await this.#parts.ledger.comeTo(sequence, known - this.#parts.clock.monotonic())
  }

  /** Decides on the latest state and appends what was decided. The same operation is done once. */
  async change<Result>(
    asked: Asked,
    decide: (state: State, tools: Tools) => Decision<Result>,
  ): Promise<Outcome<Result>> {
    const { clock, random, settings, ledger } = this.#parts
    const { deadline = this.deadline('change'), ...request } = asked
    const now = clock.now()
    const isNew = request.operation === undefined
    const operation = request.operation ?? this.#newOperation(now)
    const tools = { now, random, settings }
    const began = clock.monotonic()
    const change = { ...request, operation, isNew, at: now }
    const work = ledger.change(change, (state) => decide(state, tools))
    const outcome = await (settings.store === 'sqlite'
      ? work
      : changeInTime(work, deadline.answered - began, operation))
    if (!outcome.repeated && outcome.entry) this.#durable(clock.monotonic() - began)
    return outcome
  }

  /** A name that nobody else gives. It begins with the time, so that an index of them grows at its end and not everywhere. */
  #newOperation(now: number): string {
    return `once-${now.toString(16)}-${this.#run}-${++this.#operations}`
  }

  /** Where it is served: a port of 0 has become one that was free. */
  servedAt(places: readonly string[]): void {
    this.#places = places
  }

  /** The whole string for `weft agent --join`. */
  joinToken(secret: SecretBytes): string {
    const { fingerprint, signing } = this.authority
    const urls = publicUrls(this.settings, this.#places)
    return formatJoinToken({ urls, fingerprint, controllerKey: signing.publicKey, secret })
  }

  nodeStatus(node: NodeId): { readonly online: boolean; readonly lastSeenAt: number | undefined } {
    const presence = this.#presence.get(node)
    return { online: presence?.online ?? false, lastSeenAt: presence?.lastSeenAt }
  }

  memberStatus(
    network: Network,
    node: NodeId,
  ): { readonly state: MemberState; readonly listenPort: number | undefined } {
    const state = this.#standing(network, node)
    return { state, listenPort: this.#presence.get(node)?.report.ports.get(network.id) }
  }

  /** How far the members have taken over the latest revision. */
  convergence(network: Network): Convergence {
    return convergence(network, {
      ...this.#observations(),
      feed: (node) => this.#feedOf(network, node),
      cursor: (node) => this.#fleet.cursor(node, network.id),
      ownRevision: (node) => this.#fleet.ownRevision(node, network.id),
    })
  }

  /** What agents would be sent if `events` happened now. */
  forecast(events: readonly Event[], signal?: AbortSignal): Promise<Forecast> {
    return this.#feeds.forecast(events, signal)
  }

  graph(network: Network, query: GraphQuery = {}): Promise<NetworkGraph> {
    return networkGraph(network, query, this.#observations())
  }

  /** All that is known of the link of two members. */
  link(network: Network, ends: readonly [NodeId, NodeId], viewer: Viewer): Promise<LinkDetail> {
    const { history } = this
    return linkDetail(network, ends, { ...this.#observations(), traffic: this.#traffic, history, viewer })
  }

  /** What is durable from entry `from` on, and then what becomes so. */
  follow(from: number, signal: AbortSignal): AsyncIterable<Entry> {
    return this.#parts.store.follow(from, signal)
  }

  /** Every way between two members, which one is taken, and why. */
  explain(network: Network, a: NodeId, b: NodeId): LinkExplanation {
    return explainLink(network, a, b, this.#observations())
  }

  /**
   * Takes an agent's websocket. Resolves when the agent has proven itself or was refused.
   * @param channel the TLS channel binding (RFC 9266), empty without TLS
   */
  acceptAgent(
    socket: WebSocket,
    channel: { readonly binding: Uint8Array; readonly remoteAddress: string },
  ): Promise<void> {
    return this.#fleet.accept(socket, channel)
  }

  /** Whether changes can be made and agents be served. */
  isReady(): boolean {
    const { closing, store } = this.#parts
    if (closing.signal.aborted || this.#fleet.isDraining || this.#failed) return false
    return store.refusal === undefined
  }

  /** Sends the agents away, to come back in a moment; call it before the listeners are closed. */
  drain(): void {
    this.#draining.abort()
    this.#fleet.drain()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drain()
    this.mint[Symbol.dispose]()
    await this.webhooks[Symbol.asyncDispose]()
    this.#parts.closing.abort()
    this.#parts.board?.[Symbol.dispose]()
    this.#parts.deliveries[Symbol.dispose]()
    this.#logMark.note()
    this.#parts.notes[Symbol.dispose]()
    await this.#upkeep.stop()
    await this.#parts.store[Symbol.asyncDispose]()
  }

  #observations(): GraphTools {
    return {
      state: this.state,
      presence: this.#presence,
      now: this.#parts.clock.now(),
      stateOf: (network, node) => this.#standing(network, node),
    }
  }

  #standing(network: Network, node: NodeId): MemberState {
    return memberState(network, node, this.#feedOf(network, node), this.#presence)
  }

  /** A feed is kept up to date from when it is first asked for, so it is asked for only when an agent is there. */
  #feedOf({ id: network }: Network, node: NodeId): Feed | undefined {
    if (!this.#presence.get(node)?.online) return this.#feeds.peek(network, node)
    return this.#feeds.seek(network, node, () => this.watch.onPresence({ node, network, peers: undefined }))
  }

  #keepTraffic({ node, network, peers = [] }: PresenceNews): void {
    if (!network) return
    const now = this.#parts.clock.now()
    const standing = this.#presence.standing(node, network)
    for (const peer of peers) {
      const report = standing.peers.get(peer)
      if (report) this.#traffic.take(network, node, report, now)
    }
  }
}
