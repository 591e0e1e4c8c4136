import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Clock, sleep } from '../clock.ts'
import { toWeftError, WeftError } from '../errors.ts'
import type { Random } from '../keys/random.ts'
import { toBase32 } from '../keys/text.ts'
import { failureOf, toProblem } from './problem.ts'
import type { Operation } from './schemas/operation.ts'
import { instantText } from './views/instant.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly operations: Operations
  }
}

type Result = NonNullable<Operation['result']>

interface Kept {
  readonly actor: string
  operation: Operation
}

/** Operations that are remembered; the oldest go first. What they did stands in the log. */
const MOST_KEPT = 1_000
/** That run for one caller at once: each holds a body and keys. */
const MOST_RUNNING = 4
const ID_BYTES = 10
/** Milliseconds before somebody who would rather look again is told to. */
const PATIENCE = 1_000
const PATIENCE_MAX_S = 60

/**
 * Work that goes on after its request was answered with 202. It is known to this controller, and only to who asked for it;
 * elsewhere, and after a restart, the same request with the same Idempotency-Key answers with what was done.
 */
export class Operations {
  readonly #clock: Clock
  readonly #random: Random
  readonly #kept = new Map<string, Kept>()

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** What the work answers; or, for who prefers that and it takes long, an operation with status 202. */
  async answer<Answer extends Result>(
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<Answer>,
  ): Promise<Answer | Operation> {
    const limit = patienceOf(request.headers.prefer)
    if (limit === undefined) return await work()
    this.#assertRoom(request.actor)
    const started = this.#start(request, work)
    reply.header('preference-applied', 'respond-async')
    const over = await Promise.race([
      started.settled.then(() => true),
      sleep(this.#clock, limit).then(() => false),
    ])
    if (over) {
      this.#kept.delete(started.id)
      return await started.working
    }
    // Headers of the answer that it would have been are none of this one.
    for (const name of ['etag', 'location']) reply.removeHeader(name)
    reply.code(202).header('location', `/v1/operations/${started.id}`)
    return this.find(request.actor, started.id)
  }

  /** Throws `not-found` also for what is another caller's. */
  find(actor: string, id: string): Operation {
    const kept = this.#kept.get(id)
    if (kept?.actor === actor) return kept.operation
    throw new WeftError('not-found', `There is no operation '${id}' here.`, {
      advice: 'Repeat the request with its Idempotency-Key: it is done once, and answers with what was done.',
    })
  }

  #start<Answer extends Result>({ actor, id: requestId, log }: FastifyRequest, work: () => Promise<Answer>) {
    const id = `op-${toBase32(this.#random(ID_BYTES))}`
    const startedAt = instantText(this.#clock.now())
    const kept: Kept = { actor, operation: { id, state: 'running', startedAt, endedAt: null } }
    this.#keep(id, kept)
    const end = (how: Pick<Operation, 'state' | 'result' | 'problem'>) => {
      kept.operation = { ...kept.operation, ...how, endedAt: instantText(this.#clock.now()) }
    }
    const working = work()
    const settled = working.then(
      (result) => end({ state: 'done', result }),
      (error: unknown) => {
        const known = toWeftError(error)
        if (known.code === 'internal') log.error({ err: error }, 'operation failed')
        end({ state: 'failed', problem: toProblem(failureOf(known), requestId) })
      },
    )
    return { id, working, settled }
  }

  #keep(id: string, kept: Kept): void {
    this.#kept.set(id, kept)
    for (const [oldest, { operation }] of this.#kept) {
      if (this.#kept.size <= MOST_KEPT) return
      if (operation.state !== 'running') this.#kept.delete(oldest)
    }
  }

  #assertRoom(actor: string): void {
    const running = [...this.#kept.values()].filter(
      (kept) => kept.actor === actor && kept.operation.state === 'running',
    )
    if (running.length < MOST_RUNNING) return
    throw new WeftError('too-many-requests', `${MOST_RUNNING} operations run for this token already.`, {
      advice: 'Wait until one of them is over.',
    })
  }
}

/** Milliseconds; undefined: the answer is waited for. */
function patienceOf(prefer: unknown): number | undefined {
  const preferences = String(prefer ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase())
  if (!preferences.includes('respond-async')) return undefined
  const seconds = preferences
    .map((one) => /^wait=(\d{1,4})$/.exec(one)?.[1])
    .find((found) => found !== undefined)
  return seconds === undefined ? PATIENCE : Math.min(Number(seconds), PATIENCE_MAX_S) * 1_000
}
