import type { Logger } from 'pino'
import { type Clock, sleep } from '../../clock.ts'
import { toWeftError } from '../../errors.ts'
import { Bell } from '../../log/bell.ts'
import { headOf } from '../../log/chain.ts'
import type { Entry, Head, Log } from '../../log/log.ts'
import type { WebhookId } from '../../model/names.ts'
import type { State, Webhook } from '../../model/state.ts'
import type { Delivery, DeliveryStore, Standing } from './deliveries.ts'
import type { Message } from './message.ts'
import { judge, type PatienceSettings, type Verdict } from './patience.ts'
import { type Attempt, deliveryOf, type Postman } from './postman.ts'

export interface CourierTools {
  readonly store: Pick<Log, 'read' | 'base'>
  readonly state: () => State
  readonly deliveries: DeliveryStore
  readonly postman: Postman
  readonly settings: PatienceSettings
  readonly clock: Clock
  readonly log: Logger
  /** Resolves when it is known whose that is of which entries from there on speak. */
  readonly knowFrom: (sequence: number) => Promise<void>
  /** What a webhook is told of an entry; undefined: nothing. */
  readonly messageOf: (webhook: Webhook, entry: Entry) => Message | undefined
  readonly disable: (id: WebhookId, why: string) => Promise<void>
  readonly count: (outcome: Verdict['kind']) => void
}

/** After a fault of our own, ms. */
const PAUSE = 2_000

/**
 * Tells one webhook of what concerns it, in the order of the log, one message at a time. It is a cursor in the log and not a
 * queue: a receiver that is away for days costs one number. At least once: the cursor moves when a message was taken, or
 * given up, and is kept before the next one is sent.
 */
export class Courier {
  readonly #id: WebhookId
  readonly #tools: CourierTools
  readonly #bell = new Bell()
  readonly #closing = new AbortController()
  readonly #done: Promise<void>
  #place: Head
  #failingSince: number | undefined
  /** The webhook as it was when somebody changed it last: a change is a new chance. */
  #seen: Webhook | undefined
  #isKept = true
  /** Waiting for the next entry, with nothing before it. */
  #isIdle = false
  #hasNews = false
  #nap = new AbortController()

  constructor(id: WebhookId, { sequence, hash, failingSince }: Standing, tools: CourierTools) {
    this.#id = id
    this.#tools = tools
    this.#place = { sequence, hash }
    this.#failingSince = failingSince
    this.#seen = this.#webhook
    this.#done = this.#run()
  }

  /** The last entry that need not be told any more. */
  get sequence(): number {
    return this.#place.sequence
  }

  /** There is an entry. @param concerns whether it may be of interest */
  onEntry(entry: Entry, concerns: boolean): void {
    const isNext = this.#isIdle && this.#place.sequence === entry.sequence - 1
    if (isNext && !concerns) this.#moveTo(entry)
    else this.#wake()
  }

  /** The webhook is another now: what waits for the next attempt waits no longer. */
  changed(): void {
    this.#nap.abort()
    this.#wake()
  }

  /** Keeps how far it is. */
  async keep(): Promise<void> {
    if (this.#isKept) return
    this.#isKept = true
    const failing = this.#failingSince === undefined ? {} : { failingSince: this.#failingSince }
    await this.#tools.deliveries.note(this.#id, { ...this.#place, ...failing })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#done
    await this.keep().catch((error: unknown) => this.#report(error))
  }

  get #webhook(): Webhook | undefined {
    return this.#tools.state().webhooks.get(this.#id)
  }

  #wake(): void {
    this.#hasNews = true
    this.#bell.ring()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        this.#hasNews = false
        if ((await this.#round(signal)) || this.#hasNews || signal.aborted) continue
        this.#isIdle = true
        await this.#bell.wait(signal)
        this.#isIdle = false
      } catch (error) {
        this.#report(error)
        await sleep(this.#tools.clock, PAUSE, signal).catch(() => undefined)
      }
    }
  }

  /** Tells what there is. False when there is nothing more for now. */
  async #round(signal: AbortSignal): Promise<boolean> {
    if (!this.#webhook?.enabled) return false
    await this.#skipDropped()
    if (this.#place.sequence >= this.#tools.state().sequence) return false
    await this.#tools.knowFrom(this.#place.sequence + 1)
    for await (const entry of this.#tools.store.read(this.#place.sequence + 1)) {
      const webhook = this.#webhook
      if (signal.aborted || !webhook?.enabled) return false
      const message = this.#tools.messageOf(webhook, entry)
      if (message && !(await this.#deliver(message, signal))) return false
      this.#moveTo(entry)
      if (message) await this.keep()
    }
    return true
  }

  /** A receiver that was away for longer than the log goes back has missed something. */
  async #skipDropped(): Promise<void> {
    const base = await this.#tools.store.base()
    if (this.#place.sequence >= base.sequence) return
    const missed = { webhook: this.#id, from: this.#place.sequence + 1, to: base.sequence }
    this.#tools.log.warn(missed, 'a webhook has missed entries that the log does not have any more')
    this.#moveTo(base)
  }

  /** Resolves with true when the message needs no more attempts. */
  async #deliver(message: Message, signal: AbortSignal): Promise<boolean> {
    const { deliveries, postman, count } = this.#tools
    let delivery = (await deliveries.list(this.#id)).find(({ id }) => id === message.id)
    while (delivery?.state !== 'delivered') {
      const webhook = this.#webhook
      if (!webhook?.enabled) return false
      this.#notice(webhook)
      const attempt = await postman.attempt(webhook, message, signal)
      if (signal.aborted && 'error' in attempt.result) return false
      const attempts: number = (delivery?.attempts ?? 0) + 1
      const verdict = this.#judge(attempt, attempts)
      count(verdict.kind)
      const firstAt: number = delivery?.firstAt ?? attempt.at
      delivery = deliveryOf(webhook, message, attempt, { attempts, firstAt, ...outcomeOf(verdict, attempt) })
      await deliveries.put(delivery)
      if (verdict.kind === 'give-up') return true
      if (verdict.kind === 'disable') {
        await this.#tools.disable(this.#id, verdict.why)
        return false
      }
      if (verdict.kind === 'retry') await this.#wait(verdict.delay, signal)
      if (signal.aborted) return delivery.state === 'delivered'
    }
    return true
  }

  /** What was changed by hand is a new chance. */
  #notice(webhook: Webhook): void {
    if (webhook !== this.#seen) this.#failingSince = undefined
    this.#seen = webhook
  }

  #judge({ result, at }: Attempt, attempts: number): Verdict {
    const failingFor = this.#failingSince === undefined ? 0 : at - this.#failingSince
    const verdict = judge({ result, attempts, failingFor, chance: Math.random() }, this.#tools.settings)
    this.#failingSince = verdict.kind === 'delivered' ? undefined : (this.#failingSince ?? at)
    this.#isKept = false
    return verdict
  }

  /** Until the delay is over, the webhook is changed, or all ends. */
  async #wait(delay: number, signal: AbortSignal): Promise<void> {
    this.#nap = new AbortController()
    await this.keep()
    const until = AbortSignal.any([signal, this.#nap.signal])
    await sleep(this.#tools.clock, delay, until).catch(() => undefined)
  }

  #moveTo(head: Head): void {
    this.#place = headOf(head)
    this.#isKept = false
  }

  #report(error: unknown): void {
    const { code, message: reason } = toWeftError(error)
    if (code !== 'unavailable')
      this.#tools.log.warn({ webhook: this.#id, code, reason }, 'a webhook was held up')
  }
}

function outcomeOf(verdict: Verdict, { at }: Attempt): Pick<Delivery, 'state'> & Partial<Delivery> {
  switch (verdict.kind) {
    case 'delivered':
      return { state: 'delivered' }
    case 'retry':
      return { state: 'retrying', error: verdict.why, nextAt: at + Math.round(verdict.delay) }
    case 'give-up':
    case 'disable':
      return { state: 'failed', error: verdict.why }
  }
}
