import { secretHash } from '../../keys/bearer.ts'
import type { SecretBytes } from '../../keys/secret.ts'
import type { ProjectId, TokenId } from '../../model/names.ts'
import type { AccessRole } from '../../model/permission.ts'
import type { ApiToken, State } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'
import { createApiSecret } from './apitoken.ts'

export interface SessionInput {
  /** Of the session; its maker is the actor of the entry. */
  readonly id: TokenId
  /** Who it is, the same each time: `issuer subject`. */
  readonly person: string
  /** What people call him or her. */
  readonly name: string
  /** Absent: all of them. */
  readonly project?: ProjectId
  readonly role: AccessRole
}

/** Sessions that one person has at most: browsers and terminals. The oldest goes first. */
const MOST = 16

/**
 * Decides that a person is signed in. A session is an API token that ends soon: so it survives restarts, counts at every
 * replica, can be revoked by others, and is decided upon by the same table. What has ended of the same person goes with it,
 * so that the state does not grow.
 */
export function beginSession(
  state: State,
  tools: Tools,
  input: SessionInput,
): Decision<{ readonly secret: SecretBytes }> {
  const secret = createApiSecret(tools.random)
  const expiresAt = tools.now + tools.settings.oidcSessionMinutes * 60_000
  const session = { ...input, hash: secretHash(secret), expiresAt }
  return {
    events: [
      { type: 'api-token-created', ...session, at: tools.now },
      ...superfluous(state, input.person, tools.now).map(
        (id) => ({ type: 'api-token-revoked', id }) as const,
      ),
    ],
    result: { secret },
  }
}

function superfluous({ apiTokens }: State, person: string, now: number): TokenId[] {
  const own = [...apiTokens.values()].filter((token) => token.person === person)
  const alive = own.filter((token) => !hasEnded(token, now)).toSorted((a, b) => b.createdAt - a.createdAt)
  return [...own.filter((token) => hasEnded(token, now)), ...alive.slice(MOST - 1)].map(({ id }) => id)
}

function hasEnded({ expiresAt = Number.POSITIVE_INFINITY }: ApiToken, now: number): boolean {
  return expiresAt <= now
}
