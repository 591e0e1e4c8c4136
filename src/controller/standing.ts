import type { NodeId } from '../keys/identity.ts'
import type { Network } from '../model/state.ts'
import type { Presence } from './presence.ts'

/** Where a member stands between what is wanted and what is on its interface. */
export type MemberState = 'pending' | 'applied' | 'offline' | 'refused'

/** @param epoch of the log */
export function memberState(network: Network, node: NodeId, epoch: number, presence: Presence): MemberState {
  const standing = presence.standing(node, network.id)
  if (!presence.get(node)?.online) return 'offline'
  if (standing.refused) return 'refused'
  const { applied } = standing
  return applied && applied.epoch === epoch && applied.revision >= network.revision ? 'applied' : 'pending'
}
