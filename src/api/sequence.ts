import type { FastifyRequest } from 'fastify'
import type { Controller } from '../controller/controller.ts'
import type { Deadline } from '../controller/intime.ts'
import { toWeftError, WeftError } from '../errors.ts'
import { asOfOneTry } from './change.ts'
import type { App } from './instance.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Why it is not known whether the state is the latest, where that is asked for; undefined: it is. */
    doubt: WeftError | undefined
    /** By when it has to be answered. */
    deadline: Deadline | undefined
  }
}

/** The header of both directions: how far the log was when an answer was given, or has to be before one is. */
const HEADER = 'weft-sequence'

/**
 * Lets callers read at any replica what they wrote at another: every answer says how far the log was, and a request that
 * repeats that is answered from a state in which all of it is.
 */
export function keepSequence(app: App, controller: Controller): void {
  app.decorateRequest('doubt', undefined)
  app.decorateRequest('deadline', undefined)
  app.addHook('onRequest', async (request) => {
    const isRead = request.method === 'GET'
    const deadline = controller.deadline(isRead ? 'read' : 'change')
    request.deadline = deadline
    const seen = seenBy(request.headers[HEADER])
    // What a change is about may have been made at another replica a moment ago. Both are asked for at once: what was durable
    // when the request came in has to be in the state, and what its caller has seen.
    const doubt = isRead ? undefined : doubtOf(controller, deadline)
    if (seen !== undefined) await controller.comeTo(seen, deadline)
    request.doubt = await doubt
  })
  // What is wrong in itself has been refused by now. All else is not told by who cannot know whether it is still so.
  app.addHook('preHandler', async (request) => {
    if (request.doubt && !request.is404) throw asOfOneTry(request.doubt, request)
    // A round trip to the store after it was read: if its caller went away before that, this is known by now.
    if (request.method !== 'GET' && hasGone(request)) throw nobodyThere()
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header(HEADER, controller.state.sequence)
  })
}

/** How far the log was in an earlier answer that the caller repeats. Throws `invalid-input`. */
function seenBy(given: string | string[] | undefined): number | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'string' || !/^\d{1,15}$/.test(given)) throw malformed()
  return Number(given)
}

/**
 * Whether nobody waits for the answer. A call may have lain in the socket of a controller that stood still, and its caller been
 * told at another one that it cannot be: made now, it would be what was refused.
 */
function hasGone({ raw: { socket } }: FastifyRequest): boolean {
  return socket.destroyed || socket.readableEnded
}

function nobodyThere(): WeftError {
  return new WeftError('unavailable', 'The caller went away before its change was begun.')
}

async function doubtOf(controller: Controller, deadline: Deadline): Promise<WeftError | undefined> {
  return controller.catchUp(deadline).then(() => undefined, toWeftError)
}

const description =
  'How far the log is. Give the one of an earlier answer, and the request is answered from a state in which everything is that the answer spoke of, at any replica; 503, within three seconds, when that takes too long.'
const schema = { type: 'string', pattern: '^\\d{1,15}$', examples: ['1042'] } as const
const PARAMETER = { name: 'Weft-Sequence', in: 'header', required: false, description, schema } as const

/** The OpenAPI document with the header at every answer, and at every operation under /v1, which alone have use for it. */
export function withSequence<Document extends object>(document: Document): Document {
  const paths = 'paths' in document && isRecord(document.paths) ? document.paths : {}
  const described = Object.entries(paths).map(([path, methods]) => {
    const parameters = path.startsWith('/v1/') ? [PARAMETER] : []
    const told = (operation: unknown) => withHeader(operation, parameters)
    return [path, isRecord(methods) ? mapValues(methods, told) : methods]
  })
  return { ...document, paths: Object.fromEntries(described) }
}

function withHeader(operation: unknown, more: readonly object[]): unknown {
  if (!isRecord(operation)) return operation
  const { parameters, responses } = operation
  const own = Array.isArray(parameters) ? parameters : []
  const answers = isRecord(responses) ? mapValues(responses, withAnswerHeader) : {}
  return { ...operation, parameters: [...own, ...more], responses: answers }
}

function withAnswerHeader(answer: unknown): unknown {
  if (!isRecord(answer)) return answer
  const own = isRecord(answer.headers) ? answer.headers : {}
  return { ...answer, headers: { ...own, 'Weft-Sequence': { description, schema } } }
}

function mapValues(record: object, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(): WeftError {
  return new WeftError('invalid-input', 'The header Weft-Sequence is not one that was given in an answer.', {
    field: HEADER,
    advice: 'Repeat what the answer of a controller said, or leave it out.',
  })
}
