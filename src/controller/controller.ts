import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import type { WeftError } from '../errors.ts'
import type { Random } from '../keys/random.ts'
import type { SecretBytes } from '../keys/secret.ts'
import type { Entry } from '../log/log.ts'
import type { Event } from '../model/event.ts'
import type { State } from '../model/state.ts'
import { formatJoinToken } from '../protocol/jointoken.ts'
import { type Agents, openAgents } from './agents.ts'
import { AuditTrail } from './audit/trail.ts'
import type { OpenAuthority } from './authority.ts'
import { type Asked, Changes } from './changes.ts'
import { disableWebhook } from './commands/webhook.ts'
import { History } from './graph/history.ts'
import type { Deadline } from './intime.ts'
import { LogMark } from './ledger/continuity.ts'
import { writeKeptHead } from './ledger/kepthead.ts'
import type { Outcome } from './ledger/ledger.ts'
import type { Notebook } from './ledger/notebook.ts'
import type { OpenLedger } from './ledger/openledger.ts'
import { Upkeep } from './ledger/upkeep.ts'
import { openMeters } from './meters.ts'
import { Mint } from './mint.ts'
import { publicUrls } from './places.ts'
import type { Channel } from './push/door.ts'
import type { Rehearsal } from './push/rehearsal.ts'
import type { ControllerSettings } from './settings.ts'
import { Status } from './status.ts'
import { type Decision, SYSTEM, type Tools } from './tools.ts'
import type { Vault } from './vault.ts'
import { Webhooks, type WebhooksTools } from './webhooks/webhooks.ts'

export interface ControllerTools {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
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
  /** How things are, beside how they are wanted. */
  readonly status: Status
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
  /** Aborted when the controller begins to stop: whoever holds a connection open lets go of it. */
  readonly draining: AbortSignal
  readonly #parts: Parts
  readonly #changes: Changes
  readonly #agents: Agents
  readonly #draining = new AbortController()
  readonly #logMark: LogMark
  readonly #upkeep: Upkeep
  #failed = false
  #places: readonly string[]

  constructor(parts: Parts) {
    const { settings, clock, log, store, notes, ledger, authority } = parts
    this.#parts = parts
    this.settings = settings
    this.#places = settings.listen
    this.authority = authority
    this.vault = parts.vault
    this.firstAdminToken = parts.firstAdminToken
    this.fatal = parts.fatal
    this.fatal.then(() => {
      this.#failed = true
    })
    this.mint = new Mint((cause) => log.warn({ cause }, 'keys are made on the main thread from now on'))
    this.draining = this.#draining.signal
    this.history = new History(store, () => this.state)
    this.audit = new AuditTrail(store)
    const { metrics, history } = this
    const common = { ...parts, metrics, history, state: () => this.state, signing: authority.signing }
    const meters = openMeters(metrics, { ...common, connected: () => this.#agents.fleet.size })
    this.#changes = new Changes({ ...common, durable: meters.durable })
    this.#agents = openAgents({ ...common, meters, change: (...asked) => this.change(...asked) })
    this.status = new Status({ ...common, ...this.#agents })
    this.#logMark = new LogMark(notes, store, clock)
    this.#upkeep = new Upkeep({ ...common, keepHead: (head) => writeKeptHead(parts.headFile, head) })
    this.webhooks = new Webhooks({ ...common, disable: (...gone) => this.#disableWebhook(...gone) })
    ledger.onEntry((...step) => this.#onEntry(...step))
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
    return this.#changes.deadline(kind)
  }

  /** Milliseconds that are left until `deadline`; undefined: the store is not elsewhere, and is waited for. */
  left({ answered }: Deadline): number | undefined {
    return this.settings.store === 'sqlite' ? undefined : answered - this.#parts.clock.monotonic()
  }

  /** Resolves when everything is in the state that is durable anywhere by now. Rejects when the store does not say. */
  catchUp(deadline: Deadline): Promise<void> {
    return this.#changes.catchUp(deadline)
  }

  /** Resolves when the state has come to `sequence`; rejects with `store-unavailable` when that takes too long. */
  comeTo(sequence: number, deadline: Deadline): Promise<void> {
    return this.#changes.comeTo(sequence, deadline)
  }

  /** Decides on the latest state and appends what was decided. The same operation is done once. */
  change<Result>(
    asked: Asked,
    decide: (state: State, tools: Tools) => Decision<Result>,
  ): Promise<Outcome<Result>> {
    return this.#changes.change(asked, decide)
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

  /** What links there would be, and what agents would be sent, if `events` happened now. */
  rehearse(events: readonly Event[], signal?: AbortSignal): Promise<Rehearsal> {
    return this.#agents.feeds.rehearse(events, signal)
  }

  /** What is durable from entry `from` on, and then what becomes so. */
  follow(from: number, signal: AbortSignal): AsyncIterable<Entry> {
    return this.#parts.store.follow(from, signal)
  }

  /** Takes an agent's websocket. Resolves when the agent has proven itself or was refused. */
  acceptAgent(socket: WebSocket, channel: Channel): Promise<void> {
    return this.#agents.door.accept(socket, channel)
  }

  /** Whether it serves. A full disk of its own keeps no agent and no reader from that, and there is nobody else for them. */
  isReady(): boolean {
    const { closing, store } = this.#parts
    if (closing.signal.aborted || this.#agents.door.isClosed || this.#failed) return false
    return this.settings.store === 'sqlite' || store.refusal === undefined
  }

  /** Whether changes can be made, as far as that is known without making one. */
  takesChanges(): boolean {
    return this.isReady() && this.#parts.store.refusal === undefined
  }

  /** Sends the agents away, to come back in a moment; call it before the listeners are closed. */
  drain(): void {
    this.#draining.abort()
    this.#agents.door.close()
    this.#agents.fleet.drain()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drain()
    this.mint[Symbol.dispose]()
    await this.webhooks[Symbol.asyncDispose]()
    this.#parts.closing.abort()
    this.#parts.board?.[Symbol.dispose]()
    this.#parts.deliveries[Symbol.dispose]()
    this.#logMark[Symbol.dispose]()
    this.#parts.notes[Symbol.dispose]()
    await this.#upkeep.stop()
    await this.#parts.store[Symbol.asyncDispose]()
  }

  async #disableWebhook(...[id, why]: Parameters<WebhooksTools['disable']>): Promise<void> {
    await this.change({ actor: SYSTEM }, (now) => disableWebhook(now, id, why))
  }

  /** What is durable now, for each who has to do with it: agents come first. */
  #onEntry(entry: Entry, before: State, after: State): void {
    this.#logMark.onEntry()
    this.#agents.feeds.onEntry(entry, before, after)
    this.#agents.fleet.onEntry(entry, before, after)
    this.history.remember(entry, before)
    this.status.watch.onEntry(entry, before, after)
    this.#upkeep.onEntry(entry)
    this.webhooks.onEntry(entry, after)
  }
}
