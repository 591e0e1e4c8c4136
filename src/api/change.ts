import type { FastifyRequest } from 'fastify'
import type { Controller } from '../controller/controller.ts'
import { recallInTime } from '../controller/intime.ts'
import type { Decision, Tools } from '../controller/tools.ts'
import { WeftError } from '../errors.ts'
import { failpoint } from '../log/failpoint.ts'
import type { Event } from '../model/event.ts'
import type { TokenId, WebhookId } from '../model/names.ts'
import type { State } from '../model/state.ts'
import { fingerprintOf } from './fingerprint.ts'
import { askedBy } from './origin.ts'

/** What a change made, and the state right after it was durable. */
export interface Changed<Result> {
  readonly result: Result
  readonly state: State
}

/** How a POST is decided, and how the answer to an earlier one is found again. */
export interface Creation<Result> {
  readonly decide: (state: State, tools: Tools) => Decision<Result>
  /** The result in the events of the first time, and where they are in the log; `state` is of now. May throw. */
  readonly recall: (
    events: readonly Event[],
    state: State,
    sequence: number,
  ) => Result | undefined | Promise<Result | undefined>
}

/**
 * Makes what a POST asks for, once for each Idempotency-Key: a repeated one answers with what the first one made. The key
 * counts under the id of the caller's token, so that no caller meets the operations of another.
 */
export async function create<Result>(
  controller: Controller,
  request: FastifyRequest,
  { decide, recall }: Creation<Result>,
): Promise<Changed<Result>> {
  const { actor } = request
  const key = request.headers['idempotency-key']
  const operation =
    typeof key === 'string' ? { operation: `${actor}:${key}`, request: fingerprintOf(request) } : {}
  failpoint('api-before-change')
  const outcome = await controller.change({ ...askedBy(request), ...operation }, decide).catch((error) => {
    throw controller.settings.store === 'sqlite' ? error : asOfOneTry(error, request)
  })
  failpoint('api-before-answer')
  if (!outcome.repeated) return outcome
  const { request: first, events, sequence } = outcome.entry
  const recalled = async () => recall(events, outcome.state, sequence)
  const result = first === operation.request ? await inTime(controller, request, recalled()) : undefined
  if (result !== undefined) return { result, state: outcome.state }
  throw new WeftError('conflict', 'This Idempotency-Key was used for another request before.', {
    field: 'idempotency-key',
    advice: 'Use a new key for each new request, and the same one only to repeat it.',
  })
}

/** What is found out after the change has the rest of the time of its request, and none of its own. */
async function inTime<Result>(
  controller: Controller,
  { deadline }: FastifyRequest,
  work: Promise<Result>,
): Promise<Result> {
  const left = deadline && controller.left(deadline)
  return left === undefined ? work : recallInTime(work, left)
}

/**
 * What a caller hears whom a store elsewhere refuses. If it repeats a call that is all about this try: an earlier one with its
 * key may be on its way yet, from another controller or in the buffer of a server that stands still.
 */
export function asOfOneTry(error: unknown, { headers }: FastifyRequest): unknown {
  const isOfTheStore = error instanceof WeftError && error.code === 'store-unavailable'
  if (!isOfTheStore || headers['idempotency-key'] === undefined) return error
  const { code, message, advice = '', cause } = error
  if (advice.includes('Idempotency-Key')) return error
  return new WeftError(code, message, { advice: `${advice} ${KEEP_TO_IT}`.trim(), cause })
}

const KEEP_TO_IT = 'Keep to this Idempotency-Key: an earlier try may yet be made, and it is made once.'

/**
 * What `work` finds out ahead of a decision, which has to be quick; `otherwise` when it throws what a caller may hear. What is
 * wrong is found by the decision, and what was done before needs none, be it impossible by now.
 */
export function aheadOf<Value>(work: () => Value, otherwise: Value): Value {
  try {
    return work()
  } catch (error) {
    if (error instanceof WeftError) return otherwise
    throw error
  }
}

/** The secret of a token is not kept, so the answer to a repeated POST cannot be given. */
export function notShownAgain(made: TokenId | WebhookId | undefined, what = 'token'): undefined {
  if (made === undefined) return undefined
  throw new WeftError(
    'already-exists',
    `This request made the ${what} ${made} before; its secret is not shown again.`,
    {
      field: 'idempotency-key',
      advice: `If its answer was lost, take ${made} away, and make another with a new key.`,
    },
  )
}
