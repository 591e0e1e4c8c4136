import { WeftError } from '../../errors.ts'
import { createBearer, secretHash } from '../../keys/bearer.ts'
import type { Random } from '../../keys/random.ts'
import { SecretBytes } from '../../keys/secret.ts'
import { ID_BYTES, type ProjectId, type TokenId, toTokenId } from '../../model/names.ts'
import { type AccessRole, type Permission, permissionsOf } from '../../model/permission.ts'
import type { ApiToken, State } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'

export interface ApiTokenInput {
  readonly name: string
  /** The project in which it counts; absent: in all of them. */
  readonly project?: ProjectId
  readonly role: AccessRole
  /** Narrows the role to these, when given. */
  readonly scopes?: readonly Permission[]
  /** Absent: it does not expire. */
  readonly ttlSeconds?: number
}

/** What an API token begins with, so that people and scanners know one when they see it. */
const API_TOKEN_PREFIX = 'weft_'

/** Decides an API token. Only the hash of the secret is kept. */
export function createApiToken(
  _state: State,
  tools: Tools,
  { name, project, role, scopes, ttlSeconds }: ApiTokenInput,
): Decision<{ readonly id: TokenId; readonly secret: SecretBytes }> {
  const id = toTokenId(tools.random(ID_BYTES))
  const secret = createApiSecret(tools.random)
  const limits = {
    ...(project !== undefined && { project }),
    ...(scopes !== undefined && { scopes: [...new Set(scopes)].toSorted() }),
    ...(ttlSeconds !== undefined && { expiresAt: tools.now + ttlSeconds * 1_000 }),
  }
  const token = { id, name, hash: secretHash(secret), role, ...limits }
  return { events: [{ type: 'api-token-created', ...token, at: tools.now }], result: { id, secret } }
}

/** What an API token is shown by: 256 random bits behind the prefix. */
export function createApiSecret(random: Random): SecretBytes {
  return new SecretBytes(
    Buffer.from(API_TOKEN_PREFIX + Buffer.from(createBearer(random).expose()).toString()),
  )
}

/** Decides that an API token counts no longer. Throws `conflict` for the last one that may make others in all projects. */
export function revokeApiToken(state: State, tools: Tools, id: TokenId): Decision<void> {
  const isKey = (token: ApiToken) => opensEverything(token, tools.now)
  const token = state.apiTokens.get(id)
  if (token && isKey(token) && state.apiTokens.count(isKey) === 1) {
    throw new WeftError('conflict', 'This is the last token with which others can be made.', {
      advice: 'Make another global admin token first, one that does not expire.',
    })
  }
  return { events: [{ type: 'api-token-revoked', id }], result: undefined }
}

/** Sessions do not count: they end by themselves, and then nobody could let anybody in. */
function opensEverything(
  { project, role, scopes, person, expiresAt = Number.POSITIVE_INFINITY }: ApiToken,
  now: number,
): boolean {
  const bound = project !== undefined
  return (
    !bound &&
    person === undefined &&
    expiresAt > now &&
    permissionsOf({ role, scopes, bound }).has('api-tokens:write')
  )
}
