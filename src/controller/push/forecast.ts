import type { NodeId } from '../../keys/identity.ts'
import { systemRandom } from '../../keys/random.ts'
import { SecretBytes } from '../../keys/secret.ts'
import { SigningKey } from '../../keys/signature.ts'
import { apply } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Network, State } from '../../model/state.ts'
import { encodeFrame } from '../../protocol/frames.ts'
import type { Cursor } from './cursor.ts'
import type { Feed } from './feed.ts'
import { removedFrame, selfFrame } from './member-frames.ts'
import type { Message } from './message.ts'
import { NetworkFeeds, type NetworkFeedsTools } from './network-feeds.ts'
import { touchedMembers } from './touched.ts'

/** Bytes of frames that a member would be sent. */
export interface MemberBytes {
  readonly network: NetworkId
  readonly node: NodeId
  readonly bytes: number
}

/** What a change would cost to push. */
export interface Forecast {
  /** Of all frames to all members. */
  readonly bytes: number
  /** Members that would be sent something, however many are listed. */
  readonly count: number
  readonly members: readonly MemberBytes[]
}

/** Members that are listed; the others are only counted. */
const MOST_LISTED = 1_000

/** Frames of a forecast are as long as real ones, and signed with a key that nobody trusts. */
const NOBODY = new SigningKey(new SecretBytes(systemRandom(32)))

/**
 * What connected agents that know the present state would be sent if `events` happened now. It is worked out by feeds that
 * are made for it, so it is what a push takes, but for endpoints that only a LAN may know. Nothing is changed.
 */
export function forecast(
  before: State,
  events: readonly Event[],
  toolsFor: (network: NetworkId) => NetworkFeedsTools,
): Forecast {
  const after = events.reduce(apply, before)
  const members = [...concerned(events, after)].flatMap(([id, nodes]) => {
    const [was, is] = [before.networks.get(id), after.networks.get(id)]
    const left = [...(was?.members.keys() ?? [])].filter((node) => !is?.members.has(node))
    const farewells = left.map((node) => ({ network: id, node, bytes: farewell(after, id, node) }))
    return is ? [...farewells, ...told({ before, after, was, is, nodes }, toolsFor(id))] : farewells
  })
  const bytes = members.reduce((sum, one) => sum + one.bytes, 0)
  return { bytes, count: members.length, members: members.slice(0, MOST_LISTED) }
}

/** Members whose records may change, by network; none where only the policy does. */
function concerned(events: readonly Event[], after: State): Map<NetworkId, NodeId[]> {
  const networks = new Map(touchedMembers(events, after))
  for (const event of events) {
    if (event.type === 'network-policy-set' && !networks.has(event.network)) networks.set(event.network, [])
  }
  return networks
}

interface Change {
  readonly before: State
  readonly after: State
  /** The network before; undefined: it is new. */
  readonly was: Network | undefined
  readonly is: Network
  readonly nodes: readonly NodeId[]
}

/** What the members would be sent that are so afterwards. */
function told({ before, after, was, is, nodes }: Change, tools: NetworkFeedsTools): MemberBytes[] {
  let state = before
  const feeds = new NetworkFeeds(was ?? is, {
    ...tools,
    signing: NOBODY,
    count: () => undefined,
    node: (id) => state.nodes.get(id),
  })
  const known = was ? positionsIn(was, feeds) : new Map<NodeId, Cursor>()
  state = after
  if (was && was.policy !== is.policy) feeds.reclassify(is)
  feeds.advance(is, nodes)
  for (const hint of nodes.map(tools.hintOf)) if (hint) feeds.hint(hint)
  const sizes = new Map<Feed, Map<Cursor | undefined, number>>()
  return [...is.members.values()].flatMap((member) => {
    const { node } = member
    const self =
      was?.members.get(node)?.revision === member.revision ? 0 : sizeOf(selfFrame(after, is, member, NOBODY))
    const position = known.get(node)
    const bytes = self + (member.publicKey ? sizeOfStep(feeds.get(is, node), position, sizes) : 0)
    return bytes > 0 ? { network: is.id, node, bytes } : []
  })
}

/** Where members stand that were told everything: the same for all of one feed. */
function positionsIn(network: Network, feeds: NetworkFeeds): Map<NodeId, Cursor> {
  const ends = new Map<Feed, Cursor>()
  const known = new Map<NodeId, Cursor>()
  for (const { node, publicKey } of network.members.values()) {
    if (!publicKey) continue
    const feed = feeds.get(network, node)
    const end = ends.get(feed) ?? feed.end
    ends.set(feed, end)
    known.set(node, end)
  }
  return known
}

/** Worked out once for all that stand alike. */
function sizeOfStep(
  feed: Feed,
  position: Cursor | undefined,
  sizes: Map<Feed, Map<Cursor | undefined, number>>,
): number {
  const ofFeed = sizes.get(feed) ?? new Map<Cursor | undefined, number>()
  sizes.set(feed, ofFeed)
  const size = ofFeed.get(position) ?? sizeOfAll(feed.follow(feed.adopt(position)).frames)
  ofFeed.set(position, size)
  return size
}

function sizeOfAll(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + message.for(true).bytes.length, 0)
}

function farewell(state: State, network: NetworkId, node: NodeId): number {
  return sizeOf(removedFrame(state, network, node, NOBODY))
}

function sizeOf(frame: Parameters<typeof encodeFrame>[0] | undefined): number {
  return frame ? Buffer.byteLength(encodeFrame(frame)) : 0
}
