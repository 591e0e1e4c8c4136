import type { Graph } from '../../client/operations.ts'
import { plural } from '../text.ts'

/** How a network is, in a word and a colour. */
export function Health({
  graph: { counts, members },
}: {
  readonly graph: Pick<Graph, 'counts' | 'members'>
}) {
  const [kind, word] = healthOf(counts, members)
  return (
    <span class={`health ${kind}`}>
      <span class="dot" aria-hidden="true" />
      {word}
    </span>
  )
}

function healthOf(
  { links, down, stale, pending }: Graph['counts'],
  members: Graph['members'],
): [string, string] {
  const offline = members.all - members.online
  if (members.all === 0) return ['idle', 'empty']
  if (members.refused > 0) return ['bad', `${plural(members.refused, 'member')} refused`]
  if (links > 0 && down + stale === links) return ['bad', 'no link is up']
  if (down + stale > 0) return ['warn', `${plural(down + stale, 'link')} not up`]
  if (offline > 0) return ['warn', `${plural(offline, 'member')} offline`]
  if (pending > 0) return ['wait', `${plural(pending, 'link')} pending`]
  return ['good', 'all up']
}
