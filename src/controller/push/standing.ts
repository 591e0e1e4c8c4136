import type { NodeId } from '../../keys/identity.ts'
import type { Network } from '../../model/state.ts'
import type { Presence } from '../presence/presence.ts'
import type { Feed } from './feed.ts'

/** Where a member stands between what is wanted and what is on its interface. */
export type MemberState = 'pending' | 'applied' | 'offline' | 'refused'

/** @param feed what the member may see: it has applied the latest when it reports the digest of that */
export function memberState(
  network: Network,
  node: NodeId,
  feed: Feed | undefined,
  presence: Presence,
): MemberState {
  const standing = presence.standing(node, network.id)
  if (!presence.get(node)?.online) return 'offline'
  if (standing.refused) return 'refused'
  const { applied } = standing
  const isLatest = applied && feed && applied.epoch === feed.epoch && applied.digest === feed.digest
  return isLatest ? 'applied' : 'pending'
}
