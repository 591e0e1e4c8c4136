import { ERROR_CODES, WeftError } from '../../errors.ts'
import { toProblem } from '../problem.ts'

/** One of each status: what clients will most likely see. */
const TYPICAL: Readonly<Record<string, WeftError>> = {
  400: new WeftError(
    'invalid-input',
    'The field name must be a name of 1 to 63 lower-case letters, digits and inner hyphens.',
    {
      field: 'name',
      advice: 'A DNS label, unique among its kind.',
    },
  ),
  401: new WeftError('unauthenticated', 'The API token is unknown, expired or revoked.', {
    advice: 'Check that it is whole and that it belongs to this controller.',
  }),
  403: new WeftError(
    'forbidden',
    "This needs the permission 'networks:write', which the token does not have.",
    {
      advice: 'GET /v1/whoami shows what it has; an admin can make one that has more.',
    },
  ),
  404: new WeftError('not-found', "There is no network 'demo'.", {
    advice: "'weft network list' shows what there is.",
  }),
  408: new WeftError('invalid-input', 'The request took too long to arrive.'),
  409: new WeftError('conflict', 'This Idempotency-Key was used for another request before.', {
    field: 'idempotency-key',
    advice: 'Use a new key for each new request, and the same one only to repeat it.',
  }),
  412: new WeftError('precondition-failed', 'The object was changed since it was read.', {
    field: 'if-match',
    advice: 'Read it again, look whether the change is still wanted, and send its new ETag.',
  }),
  413: new WeftError('invalid-input', 'The body is larger than 1 MiB.', { advice: 'Send less at once.' }),
  415: new WeftError('invalid-input', 'The body is of a kind that is not known here.', {
    advice: 'Send it as application/json.',
  }),
  429: new WeftError('too-many-requests', 'More than 100 requests a second, for too long.', {
    advice: 'Wait for the time that Retry-After says.',
  }),
  431: new WeftError('invalid-input', 'The head of the request is larger than 16 KiB.'),
  500: new WeftError('internal', 'An unexpected fault occurred.'),
  503: new WeftError('overloaded', 'The controller is busy; agents go first.', {
    advice: 'Try again in a few seconds, with the same Idempotency-Key.',
  }),
  504: new WeftError('timed-out', 'What was waited for did not come in time.'),
}

/** For `components.examples` of the document, so that each stands there once. */
export const PROBLEM_EXAMPLES: Readonly<Record<string, object>> = Object.freeze(
  Object.fromEntries(
    Object.entries(TYPICAL).map(([status, error]) => [
      `problem-${status}`,
      {
        summary: ERROR_CODES[error.code],
        value: toProblem({ status: Number(status), error }, 'mfzwizltoq-1'),
      },
    ]),
  ),
)

/** The `examples` of an answer of that status. */
export function problemExample(status: string): Record<string, { readonly $ref: string }> {
  const error = TYPICAL[status]
  return error ? { [error.code]: { $ref: `#/components/examples/problem-${status}` } } : {}
}
