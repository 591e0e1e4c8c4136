import { toWeftError, WeftError } from '../../errors.ts'
import type { RedisLog } from '../../log/redis/log.ts'
import {
  DELIVERIES_KEPT,
  type Delivery,
  type DeliveryStore,
  parseDelivery,
  parseStanding,
  type Standing,
} from './deliveries.ts'

/** More than are kept by so many, and the oldest go: not at every delivery. */
const SURPLUS = 50

/**
 * On the servers of the log, so that every controller can go on where another one stopped. Not behind its barrier: a failover
 * may take the last notes back, and then something is told twice.
 */
export class RedisDeliveries implements DeliveryStore, Disposable {
  readonly #log: Pick<RedisLog, 'link' | 'keys'>

  constructor(log: Pick<RedisLog, 'link' | 'keys'>) {
    this.#log = log
  }

  async standing(webhook: string): Promise<Standing | undefined> {
    const text = await this.#ask((side) => side.hget(this.#standings, webhook))
    return text === null ? undefined : parseStanding(text)
  }

  async note(webhook: string, standing: Standing): Promise<void> {
    await this.#ask((side) => side.hset(this.#standings, webhook, JSON.stringify(standing)))
  }

  async put(delivery: Delivery): Promise<void> {
    const key = this.#deliveriesOf(delivery.webhook)
    await this.#ask((side) => side.hset(key, delivery.id, JSON.stringify(delivery)))
    if ((await this.#ask((side) => side.hlen(key))) <= DELIVERIES_KEPT + SURPLUS) return
    const old = (await this.#all(delivery.webhook)).slice(DELIVERIES_KEPT).map(({ id }) => id)
    await this.#ask((side) => side.hdel(key, ...old))
  }

  async list(webhook: string): Promise<readonly Delivery[]> {
    return (await this.#all(webhook)).slice(0, DELIVERIES_KEPT)
  }

  async forget(webhook: string): Promise<void> {
    await this.#ask((side) => side.hdel(this.#standings, webhook))
    await this.#ask((side) => side.del(this.#deliveriesOf(webhook)))
  }

  /** The connections are the log's. */
  [Symbol.dispose](): void {}

  async #all(webhook: string): Promise<Delivery[]> {
    const texts = await this.#ask((side) => side.hvals(this.#deliveriesOf(webhook)))
    const all = texts.flatMap((text) => parseDelivery(text) ?? [])
    return all.sort((a, b) => b.firstAt - a.firstAt || (a.id < b.id ? 1 : -1))
  }

  async #ask<Result>(action: (side: RedisLog['link']['side']) => Promise<Result>): Promise<Result> {
    try {
      return await action(this.#log.link.side)
    } catch (cause) {
      throw toStoreError(cause)
    }
  }

  get #standings(): string {
    return `${this.#log.keys.board}:webhooks`
  }

  #deliveriesOf(webhook: string): string {
    return `${this.#standings}:${webhook}`
  }
}

function toStoreError(cause: unknown): WeftError {
  const error = toWeftError(cause)
  if (error.code !== 'internal') return error
  return new WeftError('store-unavailable', 'The deliveries of webhooks cannot be read at the moment.', {
    advice: 'Try again in a moment.',
    cause,
  })
}
