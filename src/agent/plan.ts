import { type Cidr, rangeAround } from '../address/cidr.ts'
import type { MemberRecord } from '../protocol/record.ts'
import type { Peering } from '../topology/peerlists.ts'
import { PeerIndex } from '../topology/peers.ts'
import type { Place } from '../topology/standing.ts'
import type { NetworkPlan, PlannedPeer } from '../wireguard/plan.ts'
import type { Choice } from './paths/stand.ts'
import type { PeerBook } from './peer-book.ts'
import type { Replica } from './replica.ts'
import type { Transit } from './transit.ts'

/** WireGuard over IPv6 adds 80 bytes to a packet; 1,500 is the usual underlay. */
const TUNNEL_MTU = 1_420
/** Seconds between packets to a witness: shorter than any translation forgets UDP. */
const WITNESS_KEEPALIVE = 25

/** Who is a peer of this node, and whose prefixes each peer owns. */
export function peeringsOf(replica: Replica): readonly Peering[] {
  const { content } = replica
  if (!content) return []
  const others = replica.others()
  if (content.topology === 'mesh') return others.map(({ node }) => ({ node, carries: [node] }))
  const index = new PeerIndex(content.topology, [content.record, ...others].map(placeOf))
  return index.peersOf(content.record.node)
}

/** What the interface of this network has to be; undefined while something is missing. */
export function memberPlan(
  replica: Replica,
  book: PeerBook,
  transit: Transit | undefined,
): NetworkPlan | undefined {
  const { content } = replica
  if (!content || !replica.position()) return undefined
  const { record, ipv4Range, ipv6Range, name } = content
  return {
    networkId: replica.network,
    alias: `weft ${name}`,
    ranges: [ipv4Range, ipv6Range],
    mtu: TUNNEL_MTU,
    self: { addresses: [record.ipv4, record.ipv6] },
    get peers() {
      return [...book.peers(), ...witnessesFor(replica, transit)]
    },
    news: book.news,
  }
}

/** What was planned for a record last time: of most peers nothing changes from one plan to the next. */
const planned = new WeakMap<MemberRecord, PlannedPeer>()

/** A peer as it has to be; the same object as last time when nothing about it is new. */
export function peerOf(
  replica: Replica,
  { node, carries }: Peering,
  choice: Choice | undefined,
): PlannedPeer | undefined {
  const record = replica.recordOf(node)
  if (!record) return undefined
  const isAlone = carries.length === 1 && carries[0] === node
  const allowedIps = isAlone
    ? subnetsOf(record)
    : carries.flatMap((carried) => subnetsOf(replica.recordOf(carried)))
  const { endpoint, keepalive = 0 } = choice ?? {}
  // Where no way is known none is narrow: those who are away would need routes of their own, as many as there are.
  const mtu = choice?.kind === 'none' ? undefined : choice?.mtu
  const before = planned.get(record)
  if (before?.allowedIps === allowedIps && before.endpoint === endpoint)
    if (before.keepalive === keepalive && before.mtu === mtu) return before
  const peer = { publicKey: record.publicKey, allowedIps, endpoint, keepalive, mtu }
  planned.set(record, peer)
  return peer
}

const subnets = new WeakMap<MemberRecord, readonly Cidr[]>()
const NONE: readonly Cidr[] = []

/** What belongs to a member, worked out once for a record: nothing of one that is not known. */
export function subnetsOf(record: MemberRecord | undefined): readonly Cidr[] {
  if (!record) return NONE
  const known = subnets.get(record)
  if (known) return known
  const fresh = [
    rangeAround(record.ipv4, record.ipv4PrefixLength),
    rangeAround(record.ipv6, record.ipv6PrefixLength),
  ]
  subnets.set(record, fresh)
  return fresh
}

/** The relays, for a node whose outside port nobody else can see: it shakes hands with them and no more. */
function witnessesFor(replica: Replica, transit: Transit | undefined): PlannedPeer[] {
  const own = replica.content && replica.reachOf(replica.content.record.node)
  const hasDoor = own?.direct.some((endpoint) => !endpoint.startsWith('['))
  if (!own?.families.includes(4) || hasDoor) return []
  return (transit?.relays ?? []).flatMap(({ publicKey, endpoint }) =>
    endpoint && !endpoint.startsWith('[')
      ? [{ publicKey, allowedIps: [], endpoint, keepalive: WITNESS_KEEPALIVE }]
      : [],
  )
}

function placeOf({ node, roles, site }: MemberRecord): Place {
  const has = (role: MemberRecord['roles'][number]) => roles.includes(role)
  return { node, site, roles: { hub: has('hub'), gateway: has('gateway'), relay: has('relay') } }
}
