import type { NodeId } from '../../keys/identity.ts'
import { systemRandom } from '../../keys/random.ts'
import { SecretBytes } from '../../keys/secret.ts'
import { SigningKey } from '../../keys/signature.ts'
import { apply } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Network, State } from '../../model/state.ts'
import { encodeFrame, type Hint } from '../../protocol/frames.ts'
import type { Cursor } from './cursor.ts'
import type { Feed } from './feed.ts'
import { leavingPoint, removedFrame, selfFrame } from './member-frames.ts'
import type { Message } from './message.ts'
import { NetworkFeeds, type NetworkFeedsTools } from './network-feeds.ts'
import type { HintFinder } from './put-hints.ts'
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
 * are made for it, so it is what a push takes, but for endpoints that only a LAN may know. Nothing is changed. Others may have
 * their turn after each step.
 */
export function* forecast(
  before: State,
  events: readonly Event[],
  toolsFor: (network: NetworkId) => NetworkFeedsTools,
): Generator<void, Forecast> {
  const after = events.reduce(apply, before)
  const members: MemberBytes[] = []
  for (const [id, nodes] of concerned(events, after)) {
    const [was, is] = [before.networks.get(id), after.networks.get(id)]
    const left = [...(was?.members.keys() ?? [])].filter((node) => !is?.members.has(node))
    for (const node of left) members.push({ network: id, node, bytes: farewell(after, id, node) })
    yield
    if (is) for (const one of yield* told({ before, after, was, is, nodes }, toolsFor(id))) members.push(one)
  }
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
function* told(
  { before, after, was, is, nodes }: Change,
  tools: NetworkFeedsTools,
): Generator<void, MemberBytes[]> {
  let state = before
  const hintOf = rememberedBy(tools.hintOf)
  const own = { signing: NOBODY, count: () => undefined, hintOf }
  const feeds = new NetworkFeeds(was ?? is, { ...tools, ...own, node: (id) => state.nodes.get(id) })
  yield
  const known = was ? yield* positionsIn(was, feeds) : new Map<NodeId, Cursor>()
  state = after
  if (was && was.policy !== is.policy) feeds.reclassify(is)
  feeds.advance(is, nodes)
  for (const hint of nodes.map(hintOf)) if (hint) feeds.hint(hint)
  const sizes = new Map<Feed, Map<Cursor | undefined, number>>()
  const members: MemberBytes[] = []
  for (const { node, publicKey, ...member } of is.members.values()) {
    const isSelfNew = was?.members.get(node)?.revision !== member.revision
    const self = isSelfNew ? sizeOf(selfFrame(after, is, { node, publicKey, ...member }, NOBODY)) : 0
    const bytes = self + (publicKey ? sizeOfStep(feeds.get(is, node), known.get(node), sizes) : 0)
    if (bytes > 0) members.push({ network: is.id, node, bytes })
    yield
  }
  return members
}

/** Where members stand that were told everything: the same for all of one feed. */
function* positionsIn(network: Network, feeds: NetworkFeeds): Generator<void, Map<NodeId, Cursor>> {
  const known = new Map<NodeId, Cursor>()
  for (const { node, publicKey } of network.members.values()) {
    if (publicKey) known.set(node, feeds.get(network, node).end)
    yield
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
  return sizeOf(removedFrame({ network, node, ...leavingPoint(state, network) }, NOBODY))
}

function sizeOf(frame: Parameters<typeof encodeFrame>[0] | undefined): number {
  return frame ? Buffer.byteLength(encodeFrame(frame)) : 0
}

/** Each is looked for once. */
function rememberedBy(find: HintFinder): HintFinder {
  const known = new Map<NodeId, Hint | undefined>()
  return (node) => {
    if (!known.has(node)) known.set(node, find(node))
    return known.get(node)
  }
}
