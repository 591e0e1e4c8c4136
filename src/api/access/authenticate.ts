import type { FastifyRequest } from 'fastify'
import { WeftError } from '../../errors.ts'
import { bearerHash, sameHash } from '../../keys/bearer.ts'
import type { TokenId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { sessionCookie } from '../signin/cookie.ts'
import { unknownToken } from './caller.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Id of the API token that asks; empty on open routes. */
    actor: string
    credential: TokenId | undefined
  }
}

/** Finds out whose request it is. Throws `unauthenticated` unless it shows a token that is known. */
export function authenticate(state: State, request: FastifyRequest): void {
  if (request.routeOptions.config.access === 'open') return
  const shown = shownBy(request)
  if (shown === undefined) {
    throw new WeftError('unauthenticated', 'This needs an API token.', {
      advice:
        "Send it as 'Authorization: Bearer weft_…'. The controller printed the first one when it first started.",
    })
  }
  const id = tokenOf(state, shown)
  // It may have been made at another replica a moment ago.
  if (!id) throw request.doubt ?? unknownToken()
  request.credential = id
  request.actor = id
}

/** What a request shows: a token, or the cookie of somebody who signed in at a page of ours. */
function shownBy(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization === undefined) return sessionCookie(request)
  return /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1]
}

/** Found by its hash, so what an attacker can time is the hash of a guess; the comparison leaks nothing more. */
export function tokenOf(state: State, shown: string): TokenId | undefined {
  const hash = bearerHash(shown)
  const id = state.apiTokensByHash.get(hash)
  const token = id && state.apiTokens.get(id)
  return token && sameHash(token.hash, hash) ? id : undefined
}
