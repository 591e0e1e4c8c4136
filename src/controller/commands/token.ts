import { inField } from '../../errors.ts'
import { createBearer, secretHash } from '../../keys/bearer.ts'
import type { SecretBytes } from '../../keys/secret.ts'
import { DEFAULT_PROJECT, ID_BYTES, type ProjectId, type TokenId, toTokenId } from '../../model/names.ts'
import type { Labels, State } from '../../model/state.ts'
import { findNetwork } from '../lookup.ts'
import type { Decision, Tools } from '../tools.ts'

export interface JoinTokenInput {
  /** Whose nodes those that join will be; the default project when absent. */
  readonly project?: ProjectId
  /** Names or ids of the networks to enter at once. */
  readonly networks?: readonly string[]
  /** How many nodes may join; 1 when absent. */
  readonly uses?: number
  /** One hour when absent. */
  readonly ttlSeconds?: number
  /** What nodes that join get as labels. */
  readonly labels?: Labels
}

interface NewToken {
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
  const { project = DEFAULT_PROJECT } = input
  const networks = (input.networks ?? []).map((name, at) =>
    inField(`networks.${at}`, () => findNetwork(state, project, name).id),
  )
  const id = toTokenId(tools.random(ID_BYTES))
  const secret = createBearer(tools.random)
  const expiresAt = tools.now + (input.ttlSeconds ?? DEFAULT_TTL_SECONDS) * 1_000
  const token = {
    id,
    project,
    hash: secretHash(secret),
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
