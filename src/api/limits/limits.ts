import type { FastifyReply, FastifyRequest } from 'fastify'
import { Counter, type Registry } from 'prom-client'
import type { Allowance } from '../../bucket.ts'
import type { Clock } from '../../clock.ts'
import { WeftError } from '../../errors.ts'
import { Buckets } from './buckets.ts'
import { Load } from './load.ts'

export interface RateLimits {
  /** For each token. */
  readonly token: Allowance
  /** For each address, of requests that show no token that is known: guesses, and what needs none. */
  readonly stranger: Allowance
}

/** Refuses what is too much: from strangers by address, from everybody by token, and anything while agents would wait. */
export class Limits implements Disposable {
  readonly #rates: RateLimits
  readonly #buckets: Buckets
  readonly #load: Load
  readonly #refused: Counter<'reason'>

  constructor(clock: Clock, rates: RateLimits, metrics: Registry) {
    this.#rates = rates
    this.#buckets = new Buckets(clock)
    this.#load = new Load(clock)
    metrics.removeSingleMetric(REFUSED)
    this.#refused = new Counter({
      name: REFUSED,
      help: 'REST requests that were refused before they were looked at, by what there was too much of.',
      labelNames: ['reason'],
      registers: [metrics],
    })
    for (const reason of ['overload', 'address', 'token']) this.#refused.inc({ reason }, 0)
  }

  /** Before anything else is looked at. What supervisors ask is answered always. */
  assertNotOverloaded(request: FastifyRequest): void {
    if (!this.#load.isTooHigh || VITAL.has(request.routeOptions.url ?? '')) return
    this.#refused.inc({ reason: 'overload' })
    throw new WeftError('overloaded', 'The controller is busy; agents go first.', {
      advice: 'Try again in a few seconds, with the same Idempotency-Key.',
    })
  }

  /** Of an address behind which nobody has been recognised. */
  takeStranger(request: FastifyRequest, reply: FastifyReply): void {
    // Callers on a Unix socket have no address, and were let in by the file system.
    if (request.ip) this.#take('address', request.ip, reply)
  }

  /** Of a token that is known. */
  takeToken(request: FastifyRequest, reply: FastifyReply): void {
    this.#take('token', request.actor, reply)
  }

  [Symbol.dispose](): void {
    this.#load[Symbol.dispose]()
  }

  #take(reason: 'address' | 'token', of: string, reply: FastifyReply): void {
    const allowance = reason === 'token' ? this.#rates.token : this.#rates.stranger
    const wait = this.#buckets.take(`${reason} ${of}`, allowance)
    if (wait === 0) return
    this.#refused.inc({ reason })
    reply.header('retry-after', String(Math.ceil(wait / 1_000)))
    throw new WeftError('too-many-requests', `More than ${allowance.rate} requests a second, for too long.`, {
      advice: 'Wait for the time that Retry-After says, and send many changes as one: …/members/batch.',
    })
  }
}

const REFUSED = 'weft_requests_refused_total'

const VITAL: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])
