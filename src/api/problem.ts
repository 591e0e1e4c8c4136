import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ERROR_CODES, type ErrorCode, toWeftError, WeftError } from '../errors.ts'
import { redacted } from './redact.ts'
import { PROBLEM_TYPE, type Problem } from './schemas/problem.ts'
import { validationError } from './validation.ts'

/** The HTTP status of every code. */
export const STATUS: Readonly<Record<ErrorCode, number>> = Object.freeze({
  'invalid-input': 400,
  'invalid-config': 500,
  'not-found': 404,
  'already-exists': 409,
  'range-overlap': 409,
  'range-exhausted': 409,
  unauthenticated: 401,
  forbidden: 403,
  'token-spent': 403,
  'identity-mismatch': 403,
  'protocol-error': 400,
  'stale-revision': 409,
  'digest-mismatch': 500,
  'precondition-failed': 412,
  conflict: 409,
  'confirmation-needed': 409,
  'too-many-requests': 429,
  overloaded: 503,
  'log-damaged': 503,
  'store-unavailable': 503,
  unsupported: 500,
  'program-failed': 500,
  'port-taken': 409,
  unavailable: 503,
  'timed-out': 504,
  internal: 500,
})

/** An error as it goes out. The status is that of its code, but for the refusals that HTTP itself has statuses for. */
export interface Failure {
  readonly status: number
  readonly error: WeftError
}

/** Leads to what the code means: a reference that is resolved at the controller itself. */
export function problemType(code: ErrorCode): string {
  return `/v1/errors/${code}`
}

/**
 * Problem details (RFC 9457): message, field and advice of the error, never its cause. They may repeat names that were sent,
 * and people paste tokens where names belong.
 */
export function toProblem({ status, error }: Failure, requestId: string): Problem {
  return {
    type: problemType(error.code),
    title: ERROR_CODES[error.code],
    status,
    detail: redacted(error.message),
    code: error.code,
    ...(error.field === undefined ? {} : { field: redacted(error.field) }),
    ...(error.advice === undefined ? {} : { advice: redacted(error.advice) }),
    instance: `urn:weft:request:${requestId}`,
  }
}

/** Answers with the problem, and logs what it was if the fault is ours. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const failed = toFailure(thrown, request)
  if (failed.status >= 500) request.log.error({ err: thrown }, 'request failed')
  sendFailure(failed, request, reply)
}

export function sendFailure(failed: Failure, request: FastifyRequest, reply: FastifyReply): void {
  // Of what was to be answered had it not failed.
  reply.removeHeader('location')
  if (failed.status === 401) reply.header('www-authenticate', 'Bearer realm="weft"')
  if (failed.status === 503) reply.header('retry-after', '1')
  if (failed.status === 429 && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_LATER)
  reply.code(failed.status).type(PROBLEM_TYPE).send(toProblem(failed, request.id))
}

/** Seconds after which what others hold may have been given back: where nobody can say when. */
const RETRY_LATER = '5'

/** An error with the status of its code. */
export function failureOf(error: WeftError): Failure {
  return { status: STATUS[error.code], error }
}

/** The one translation of whatever was thrown: by us, by the framework about the request, or by accident. */
function toFailure(thrown: unknown, request: FastifyRequest): Failure {
  if (isFrameworkError(thrown)) {
    if (thrown.validation) return failureOf(validationError(thrown, request))
    const refusal = REFUSALS[thrown.statusCode ?? 500]
    if (refusal) return { status: thrown.statusCode ?? 500, error: refusal(thrown) }
  }
  return failureOf(toWeftError(thrown))
}

/** What the framework refuses before a route sees it, in our words: its own may repeat what was sent. */
const REFUSALS: Readonly<Record<number, (cause: FastifyError) => WeftError>> = {
  400: (cause) =>
    new WeftError('invalid-input', 'The request is not one that can be read.', {
      advice: 'Send JSON as it is written in /openapi.json, and a path without stray percent signs.',
      cause,
    }),
  413: (cause) =>
    new WeftError('invalid-input', 'The body is larger than 1 MiB.', { advice: 'Send less at once.', cause }),
  415: (cause) =>
    new WeftError('invalid-input', 'The body is of a kind that is not known here.', {
      advice: 'Send it as application/json.',
      cause,
    }),
}

function isFrameworkError(thrown: unknown): thrown is FastifyError {
  return thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('FST_')
}
