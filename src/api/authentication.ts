import type { FastifyRequest } from 'fastify'
import { WeftError } from '../errors.ts'
import { bearerHash, sameHash } from '../keys/bearer.ts'
import type { ApiToken, State } from '../model/state.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Id of the API token that asks; empty on open routes. */
    actor: string
  }
  interface FastifyContextConfig {
    /** Whether the route answers without a token. Every other route, and every unknown one, wants one. */
    open?: boolean
  }
}

/** The one place that decides whether a request may be answered. Throws `unauthenticated`. */
export function authenticate(state: State, request: FastifyRequest): void {
  if (request.routeOptions.config.open) return
  const shown = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (shown === undefined) {
    throw new WeftError('unauthenticated', 'This needs an API token.', {
      advice:
        "Send it as 'Authorization: Bearer weft_…'. The controller printed the first one when it first started.",
    })
  }
  const token = tokenOf(state, shown)
  if (!token) {
    throw new WeftError('unauthenticated', 'The API token is unknown or revoked.', {
      advice: 'Check that it is whole and that it belongs to this controller.',
    })
  }
  request.actor = token.id
}

/** Found by its hash, so what an attacker can time is the hash of a guess; the comparison leaks nothing more. */
function tokenOf(state: State, shown: string): ApiToken | undefined {
  const hash = bearerHash(shown)
  const id = state.apiTokensByHash.get(hash)
  const token = id && state.apiTokens.get(id)
  return token && sameHash(token.hash, hash) ? token : undefined
}
