/** Every code a user, program or peer can meet, with what it means. Closed: a new failure needs a new line here. */
export const ERROR_CODES = Object.freeze({
  'invalid-input': 'a field is missing, of the wrong form, or unknown',
  'invalid-config': 'a setting has a value that cannot be used',
  'not-found': 'the object does not exist, or is not yours to see',
  'already-exists': 'an object with this name or place exists',
  'range-overlap': 'an address range overlaps one that is taken',
  'range-exhausted': 'no free address, subnet or range is left',
  unauthenticated: 'no token, or one that is unknown, expired or revoked',
  forbidden: 'the token does not allow this',
  'token-spent': 'the join token is unknown, expired, revoked or used up',
  'identity-mismatch': 'a peer could not prove the identity it claims',
  'protocol-error': 'a frame was not of the protocol, or came at the wrong time',
  'stale-revision': 'the content is older than what is already known',
  'digest-mismatch': 'content and digest, or content and signature, do not fit',
  conflict: 'what is asked does not fit what is there or is being done',
  'precondition-failed': 'the object is not the version that If-Match names',
  'confirmation-needed': 'this cuts machines off, so the name has to be given back',
  'too-many-requests': 'more was asked in a short time than is allowed',
  overloaded: 'the controller is busy, and agents go first',
  'log-damaged': 'the log on disk is not what was written',
  'store-unavailable': 'the store refuses or cannot confirm writes at the moment',
  unsupported: 'this machine lacks something that is needed',
  'program-failed': 'a system program ended with an error or took too long',
  'port-taken': 'another program uses the UDP port',
  unavailable: 'the controller cannot be reached or is stopping',
  'timed-out': 'what was waited for did not come in time',
  internal: 'a fault of Weft itself',
} as const)

export type ErrorCode = keyof typeof ERROR_CODES

/** What may accompany an error: all of it is for the user, except `cause`, which goes to the log only. */
export interface ErrorDetails {
  /** The field, setting or argument at fault, as the user wrote it: `ipv4`, `--nodes`, `listen`. */
  readonly field?: string
  /** What to do about it, as a sentence. */
  readonly advice?: string
  readonly cause?: unknown
}

/** The one error class of Weft. `message` is a sentence for the user and never holds a secret. */
export class WeftError extends Error {
  readonly code: ErrorCode
  readonly field: string | undefined
  readonly advice: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'WeftError'
    this.code = code
    this.field = details.field
    this.advice = details.advice
  }
}

/** The error itself if it is one of ours, else an `internal` one that keeps the original as its cause. */
export function toWeftError(error: unknown): WeftError {
  if (error instanceof WeftError) return error
  return new WeftError('internal', 'An unexpected fault occurred.', { cause: error })
}

/** Says in which field it was that something could not be read. */
export function inField<Value>(field: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    const { code, message, advice } = toWeftError(error)
    throw new WeftError(code, message, advice === undefined ? { field } : { field, advice })
  }
}
