import { bearerHash, createBearer } from '../../keys/bearer.ts'
import { SecretBytes } from '../../keys/secret.ts'
import { ID_BYTES, type TokenId, toTokenId } from '../../model/names.ts'
import type { Labels, State } from '../../model/state.ts'
import { findNetwork } from '../lookup.ts'
import type { Decision, Tools } from '../tools.ts'

export interface JoinTokenInput {
  /** Names or ids of the networks to enter at once. */
  readonly networks?: readonly string[]
  /** How many nodes may join; 1 when absent. */
  readonly uses?: number
  /** One hour when absent. */
  readonly ttlSeconds?: number
  /** What nodes that join get as labels. */
  readonly labels?: Labels
}

export interface NewToken {
  readonly id: TokenId
  readonly secret: SecretBytes
}

const DEFAULT_TTL_SECONDS = 3_600

/** Decides a join token. Only the hash of the secret is kept. */
export function createJoinToken(
  state: State,
  tools: Tools,
  input: JoinTokenInput,
): Decision<NewToken & { readonly expiresAt: number }> {
  const networks = (input.networks ?? []).map((name) => findNetwork(state, name).id)
  const id = toTokenId(tools.random(ID_BYTES))
  const secret = createBearer(tools.random)
  const expiresAt = tools.now + (input.ttlSeconds ?? DEFAULT_TTL_SECONDS) * 1_000
  const token = {
    id,
    hash: hashOf(secret),
    networks: [...new Set(networks)],
    uses: input.uses ?? 1,
    expiresAt,
  }
  const labels = input.labels ?? {}
  return {
    events: [{ type: 'join-token-created', ...token, labels, at: tools.now }],
    result: { id, secret, expiresAt },
  }
}

export function revokeJoinToken(_state: State, id: TokenId): Decision<void> {
  return { events: [{ type: 'join-token-revoked', id }], result: undefined }
}

/** What an API token begins with, so that people and scanners know one when they see it. */
const API_TOKEN_PREFIX = 'weft_'

/** Decides an API token. Only the hash of the secret is kept. */
export function createApiToken(
  _state: State,
  tools: Tools,
  input: { readonly name: string },
): Decision<NewToken> {
  const id = toTokenId(tools.random(ID_BYTES))
  const bearer = Buffer.from(createBearer(tools.random).expose()).toString()
  const secret = new SecretBytes(Buffer.from(API_TOKEN_PREFIX + bearer))
  return {
    events: [{ type: 'api-token-created', id, name: input.name, hash: hashOf(secret), at: tools.now }],
    result: { id, secret },
  }
}

function hashOf(secret: SecretBytes): string {
  return bearerHash(Buffer.from(secret.expose()).toString())
}
