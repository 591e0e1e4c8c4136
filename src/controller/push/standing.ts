import type { NodeId } from '../../keys/identity.ts'
import type { Network } from '../../model/state.ts'
import type { Presence } from '../presence/presence.ts'
import type { Feed } from './feed.ts'

/** Where a member stands between what is wanted and what is on its interface. */
export type MemberState = 'pending' | 'applied' | 'offline' | 'refused'

export interface StandingTools {
  readonly presence: Presence
  /** Whether the agent of a node has said what it says since it was told the latest of its feed. */
  readonly hasAnswered: (node: NodeId, feed: Feed) => boolean
}

/**
 * @param feed what the member may see: it has applied the latest when it reports the digest of that, and the revision of its
 * own record, which it may not be among those to see
 */
export function memberState(
  network: Network,
  node: NodeId,
  feed: Feed | undefined,
  { presence, hasAnswered }: StandingTools,
): MemberState {
  const standing = presence.standing(node, network.id)
  if (!presence.get(node)?.online) return 'offline'
  if (standing.refused) return 'refused'
  const { applied } = standing
  const isLatest = applied && feed && applied.epoch === feed.epoch && applied.digest === feed.digest
  // Heard by a replica of an older release, which does not pass it on.
  const own = applied?.self ?? network.members.get(node)?.revision
  const isOwn = own === network.members.get(node)?.revision
  return isLatest && isOwn && hasAnswered(node, feed) ? 'applied' : 'pending'
}
