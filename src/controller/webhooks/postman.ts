import type { Clock } from '../../clock.ts'
import { toWeftError } from '../../errors.ts'
import type { Webhook } from '../../model/state.ts'
import type { Vault } from '../vault.ts'
import type { Delivery } from './deliveries.ts'
import type { Message } from './message.ts'
import { type PostResult, post } from './post.ts'
import { secretPlace, signatureHeaders } from './signature.ts'
import type { TargetSettings } from './target.ts'
import { Turns } from './turns.ts'

export interface PostmanTools {
  readonly clock: Clock
  readonly settings: TargetSettings
  readonly vault: Vault
}

/** An attempt, when it was made and how long it took. */
export interface Attempt {
  readonly result: PostResult
  readonly at: number
  readonly took: number
}

/** Attempts under way at a time. One waits for ten seconds at most. */
const AT_ONCE = 256

/** Signs and sends. Every attempt of this controller goes through here. */
export class Postman {
  readonly #tools: PostmanTools
  readonly #turns = new Turns(AT_ONCE)

  constructor(tools: PostmanTools) {
    this.#tools = tools
  }

  /** Never rejects. */
  attempt(webhook: Webhook, message: Message, signal: AbortSignal): Promise<Attempt> {
    return this.#turns.take(async () => {
      const { clock } = this.#tools
      const [at, began] = [clock.now(), clock.monotonic()]
      const result = await this.#send(webhook, message, at, signal)
      return { result, at, took: Math.round(clock.monotonic() - began) }
    })
  }

  async #send(webhook: Webhook, { id, body }: Message, at: number, signal: AbortSignal): Promise<PostResult> {
    const { vault, settings, clock } = this.#tools
    try {
      const secret = vault.open(webhook.wrappedSecret, secretPlace(webhook.id))
      const headers = signatureHeaders({ id, timestamp: Math.floor(at / 1_000), body }, secret)
      return await post({ url: webhook.url, headers, body }, { settings, clock, signal })
    } catch (error) {
      return { error: toWeftError(error).message }
    }
  }
}

/** What people see of a message after an attempt. */
export function deliveryOf(
  { id: webhook }: Webhook,
  { id, type, sequence }: Message,
  { result, at, took }: Attempt,
  outcome: Pick<Delivery, 'state'> &
    Partial<Pick<Delivery, 'attempts' | 'firstAt' | 'nextAt' | 'error' | 'request'>>,
): Delivery {
  return {
    id,
    webhook,
    type,
    ...(sequence !== undefined && { sequence }),
    attempts: 1,
    firstAt: at,
    lastAt: at,
    took,
    ...('status' in result ? { status: result.status } : { error: result.error }),
    ...outcome,
  }
}
