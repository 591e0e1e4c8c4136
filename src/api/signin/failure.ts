import { WeftError } from '../../errors.ts'

/**
 * What went wrong with the issuer, in our words; what it was exactly goes to the log as the cause. Those of OAuth have an
 * `error` (RFC 6749 section 5.2), those of the library a `code`.
 */
export function failureAtIssuer(thrown: unknown): WeftError {
  if (thrown instanceof WeftError) return thrown
  const cause = withoutSecrets(thrown)
  const error = textOf(thrown, 'error')
  if (error === 'access_denied') {
    return new WeftError('forbidden', 'The sign-in was refused at the issuer.', {
      cause,
      advice: BEGIN_AGAIN,
    })
  }
  if (error !== undefined && SPENT.includes(error)) {
    return new WeftError('unauthenticated', 'The sign-in was not finished in time, or was used before.', {
      cause,
      advice: BEGIN_AGAIN,
    })
  }
  if (error !== undefined) {
    return new WeftError('unavailable', 'The issuer does not take this controller as its client.', {
      cause,
      advice:
        'Check oidcClientId, its secret and its redirect URI; the log of the controller says what the issuer said.',
    })
  }
  if (thrown instanceof TypeError || UNREACHABLE.includes(textOf(thrown, 'code') ?? '')) {
    return new WeftError('unavailable', 'The issuer does not answer as it should.', {
      cause,
      advice: 'Try again later, or sign in with an API token. The log of the controller says more.',
    })
  }
  return new WeftError('unauthenticated', 'What the issuer said about you cannot be trusted.', {
    cause,
    advice: BEGIN_AGAIN,
  })
}

/** Whether the person has not finished yet (RFC 8628, section 3.5). */
export function isPending(thrown: unknown): boolean {
  return ['authorization_pending', 'slow_down'].includes(textOf(thrown, 'error') ?? '')
}

const BEGIN_AGAIN = 'Begin to sign in again.'
const SPENT = ['invalid_grant', 'expired_token']
/** No answer, or one that is none; `fetch` itself throws a TypeError when there is nobody. */
const UNREACHABLE = [
  'OAUTH_TIMEOUT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]

/** Errors of the library hold whole answers and tokens: only their words are kept. */
function withoutSecrets(thrown: unknown): Error {
  const words = [
    messageOf(thrown),
    textOf(thrown, 'error'),
    textOf(thrown, 'error_description'),
    textOf(thrown, 'code'),
  ]
  const inner = thrown instanceof Error && thrown.cause !== undefined ? messageOf(thrown.cause) : undefined
  return new Error([...words, inner].filter((one) => one !== undefined).join('; '))
}

function messageOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.message : undefined
}

function textOf(thrown: unknown, name: string): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const value: unknown = Reflect.get(thrown, name)
  return typeof value === 'string' ? value : undefined
}
