import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../clock.ts'
import { toWeftError, WeftError } from '../../errors.ts'
import type { Entry, Log } from '../../log/log.ts'
import type { WebhookId } from '../../model/names.ts'
import type { State, Webhook } from '../../model/state.ts'
import type { History } from '../graph/history.ts'
import type { ControllerSettings } from '../settings.ts'
import type { Vault } from '../vault.ts'
import { Courier } from './courier.ts'
import type { Delivery, DeliveryStore, Standing } from './deliveries.ts'
import { changeMessage, type Message, pingMessage } from './message.ts'
import { OUTCOMES } from './patience.ts'
import { deliveryOf, Postman } from './postman.ts'

export interface WebhooksTools {
  readonly store: Log
  readonly state: () => State
  readonly history: History
  readonly deliveries: DeliveryStore
  readonly vault: Vault
  readonly settings: ControllerSettings
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Registry
  readonly disable: (id: WebhookId, why: string) => Promise<void>
}

/** Milliseconds between two looks at whose duty it is, and for which it is taken. */
const LOOK_INTERVAL = 5_000
const LEASE = 15_000
/** Gives it back. */
const OVER = 0

/**
 * Tells receivers outside what changes. Of several controllers one does it, as long as it keeps saying so; should two do it
 * for a moment, receivers get a message twice, with the same id.
 */
export class Webhooks implements AsyncDisposable {
  readonly #tools: WebhooksTools
  readonly #postman: Postman
  readonly #couriers = new Map<WebhookId, Courier>()
  readonly #closing = new AbortController()
  readonly #attempts: Counter<'outcome'>
  #isOnDuty = false
  #looking: Promise<void> = Promise.resolve()
  #stopLooking: () => void = () => undefined

  constructor(tools: WebhooksTools) {
    this.#tools = tools
    this.#postman = new Postman(tools)
    this.#attempts = new Counter({
      name: 'weft_webhook_attempts_total',
      help: 'Attempts to deliver a webhook, by what followed.',
      labelNames: ['outcome'],
      registers: [tools.metrics],
    })
    // What is counted from nothing on is seen when it happens for the first time.
    for (const outcome of OUTCOMES) this.#attempts.inc({ outcome }, 0)
    const behind = () => this.#behind()
    new Gauge({
      name: 'weft_webhook_lag_entries',
      help: 'Log entries that the webhook that is furthest behind has not been told of.',
      registers: [tools.metrics],
      collect() {
        this.set(behind())
      },
    })
    this.#look()
  }

  /** To be called for each entry, in order, once the history knows of it. */
  onEntry(entry: Entry, after: State): void {
    if (!this.#isOnDuty) return
    for (const event of entry.events) {
      if (event.type === 'webhook-created') this.#begin(event.id)
      if (event.type === 'webhook-changed' || event.type === 'webhook-disabled')
        this.#couriers.get(event.id)?.changed()
      if (event.type === 'webhook-deleted') this.#end(event.id)
    }
    if (this.#couriers.size === 0) return
    const audience = this.#tools.history.audience(entry)
    for (const [id, courier] of this.#couriers) {
      const project = after.webhooks.get(id)?.project
      courier.onEntry(entry, project !== undefined && audience.has(project))
    }
  }

  /** The last deliveries of a webhook, the latest first. */
  recent(id: WebhookId): Promise<readonly Delivery[]> {
    return this.#tools.deliveries.list(id)
  }

  /** One of the last deliveries of a webhook. Rejects with `not-found`. */
  async delivery(webhook: WebhookId, id: string): Promise<Delivery> {
    const found = (await this.recent(webhook)).find((delivery) => delivery.id === id)
    if (found) return found
    throw new WeftError('not-found', 'There is no such delivery of this webhook.', { field: 'delivery' })
  }

  standing(id: WebhookId): Promise<Standing | undefined> {
    return this.#tools.deliveries.standing(id)
  }

  /** Sends a message that says nothing, once. @param key of the request: a repeated one sends nothing */
  ping(webhook: Webhook, key: string): Promise<Delivery> {
    return this.#once(webhook, pingMessage(webhook, key, this.#tools.clock.now()), key)
  }

  /** Sends a message that was sent before once more, whatever became of it. Rejects with `not-found`. */
  async redeliver(webhook: Webhook, id: string, key: string): Promise<Delivery> {
    const found = await this.delivery(webhook.id, id)
    if (found.type === 'ping')
      return this.#once(webhook, { ...pingMessage(webhook, key, found.firstAt), id }, key, found)
    const entry = await this.#entry(found.sequence ?? 0)
    await this.#tools.history.knowFrom(entry.sequence)
    const message = this.#messageOf(webhook, entry, true)
    if (message) return this.#once(webhook, message, key, found)
    throw new WeftError('not-found', 'What this delivery told of is not to be seen any more.', {
      field: 'delivery',
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#stopLooking()
    await this.#looking
    if (!this.#isOnDuty) return
    await this.#leave()
    // Whoever looks next takes it, and need not wait until it has run out.
    await this.#tools.store.lease('webhooks', OVER).catch((error: unknown) => this.#report(error))
  }

  async #once(webhook: Webhook, message: Message, key: string, earlier?: Delivery): Promise<Delivery> {
    const known = earlier ?? (await this.recent(webhook.id)).find(({ id }) => id === message.id)
    if (known?.request === key) return known
    const attempt = await this.#postman.attempt(webhook, message, this.#closing.signal)
    const isDone = 'status' in attempt.result && attempt.result.status >= 200 && attempt.result.status < 300
    // What the courier is still trying goes on being tried; what was delivered stays so.
    const state = isDone || known?.state === 'delivered' ? 'delivered' : (known?.state ?? 'failed')
    const delivery = deliveryOf(webhook, message, attempt, {
      state,
      attempts: (known?.attempts ?? 0) + 1,
      firstAt: known?.firstAt ?? attempt.at,
      request: key,
    })
    await this.#tools.deliveries.put(delivery)
    return delivery
  }

  /** Whose duty is it? One after the other, and again in a while. */
  #look(): void {
    this.#looking = this.#lookNow()
      .catch((error: unknown) => this.#report(error))
      .then(() => {
        if (this.#closing.signal.aborted) return
        this.#stopLooking = this.#tools.clock.after(LOOK_INTERVAL, () => this.#look())
      })
  }

  async #lookNow(): Promise<void> {
    const isMine = await this.#tools.store.lease('webhooks', LEASE)
    if (isMine && !this.#isOnDuty) await this.#arrive()
    if (!isMine && this.#isOnDuty) await this.#leave()
    for (const courier of this.#couriers.values()) await courier.keep()
  }

  async #arrive(): Promise<void> {
    this.#isOnDuty = true
    for (const id of this.#tools.state().webhooks.keys()) this.#begin(id)
  }

  async #leave(): Promise<void> {
    this.#isOnDuty = false
    const couriers = [...this.#couriers.values()]
    this.#couriers.clear()
    await Promise.all(couriers.map((courier) => courier[Symbol.asyncDispose]()))
  }

  #begin(id: WebhookId): void {
    this.#place(id).then(
      (standing) => {
        const isWanted = this.#isOnDuty && this.#tools.state().webhooks.has(id) && !this.#couriers.has(id)
        if (isWanted) this.#couriers.set(id, this.#courier(id, standing))
      },
      (error: unknown) => this.#report(error),
    )
  }

  #end(id: WebhookId): void {
    const courier = this.#couriers.get(id)
    this.#couriers.delete(id)
    const gone = courier?.[Symbol.asyncDispose]() ?? Promise.resolve()
    gone.then(() => this.#tools.deliveries.forget(id)).catch((error: unknown) => this.#report(error))
  }

  #courier(id: WebhookId, standing: Standing): Courier {
    return new Courier(id, standing, {
      ...this.#tools,
      postman: this.#postman,
      knowFrom: (sequence) => this.#tools.history.knowFrom(sequence),
      messageOf: (webhook, entry) => this.#messageOf(webhook, entry),
      count: (outcome) => this.#attempts.inc({ outcome }),
    })
  }

  /**
   * Where to go on: where it was noted, or behind the entry that made it. A log that ends before the note is an older copy:
   * what is in it was told, and what comes is new. One with another entry there has gone another way: what it has is told anew.
   */
  async #place(id: WebhookId): Promise<Standing> {
    const { state, store, deliveries, log } = this.#tools
    const start = { sequence: state().webhooks.get(id)?.since ?? store.head().sequence, hash: '' }
    const noted = await deliveries.standing(id)
    if (!noted) return start
    const head = store.head()
    if (noted.sequence > head.sequence) return { ...noted, sequence: head.sequence, hash: head.hash }
    const base = await store.base()
    if (noted.hash === '' || noted.sequence <= base.sequence) return noted
    if ((await this.#entry(noted.sequence)).hash === noted.hash) return noted
    log.warn(
      { webhook: id },
      'the log is another than the one of which a webhook was told: it is told all of it',
    )
    return start
  }

  /** @param whatever also what it does not ask for by now */
  #messageOf(webhook: Webhook, entry: Entry, whatever = false): Message | undefined {
    const { history } = this.#tools
    const viewer = { project: webhook.project, bound: true }
    const seen = entry.sequence > webhook.since ? history.seenBy(entry, viewer) : undefined
    if (!seen) return undefined
    const change = history.describe(seen, viewer)
    const { events, networks } = webhook
    const isWanted =
      whatever ||
      ((!events || change.actions.some((action) => events.includes(action))) &&
        (!networks || change.networks.some((network) => networks.includes(network))))
    return isWanted ? changeMessage(webhook, entry, change) : undefined
  }

  async #entry(sequence: number): Promise<Entry> {
    for await (const entry of this.#tools.store.read(sequence)) return entry
    throw new WeftError('not-found', `Entry ${sequence} is not in the log.`)
  }

  #behind(): number {
    const { webhooks, sequence } = this.#tools.state()
    const lags = [...this.#couriers].map(([id, courier]) =>
      webhooks.get(id)?.enabled ? sequence - courier.sequence : 0,
    )
    return Math.max(0, ...lags)
  }

  #report(error: unknown): void {
    const { code, message: reason } = toWeftError(error)
    if (code !== 'unavailable') this.#tools.log.warn({ code, reason }, 'webhooks were held up')
  }
}
