import type { NodeId } from '../../keys/identity.ts'
import type { Hint } from '../../protocol/frames.ts'
import type { Feed } from './feed.ts'

/** How a member can be reached; undefined while nothing is known of it. */
export type HintFinder = (node: NodeId) => Hint | undefined

export function putHints(feed: Feed, nodes: readonly NodeId[], hintOf: HintFinder): void {
  for (const hint of nodes.map(hintOf)) if (hint) feed.hint(hint)
}
