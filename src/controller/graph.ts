import { memberPlace } from '../address/allocation.ts'
import type { Address } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import { type Member, type Network, type Node, type Role, SITE_LABEL, type State } from '../model/state.ts'
import { PeerIndex } from '../topology/peers.ts'
import type { Place } from '../topology/standing.ts'
import { type LinkStatus, linkStatus, type Observations } from './links.ts'

export interface GraphNode {
  readonly id: NodeId
  readonly name: string
  readonly online: boolean
  readonly roles: readonly Role[]
  readonly ipv4: Address
  readonly ipv6: Address
  readonly desiredRevision: number
  readonly appliedRevision: number
}

export interface GraphLink extends LinkStatus {
  readonly a: NodeId
  readonly b: NodeId
}

export interface NetworkGraph {
  readonly network: string
  readonly epoch: number
  readonly revision: number
  readonly nodes: readonly GraphNode[]
  readonly links: readonly GraphLink[]
}

/** Intent and observation of a network on one picture. */
export function networkGraph(network: Network, seen: Observations): NetworkGraph {
  const members = [...network.members.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1))
  const linkOf = ({ node: a }: Member, { node: b }: Member) => ({ a, b, ...linkStatus(network, a, b, seen) })
  const areLinked = linkage(network, seen.state)
  return {
    network: network.id,
    epoch: seen.state.epoch,
    revision: network.revision,
    nodes: members.map((member) => graphNode(network, member, seen)),
    links: members.flatMap((a, at) =>
      members.slice(at + 1).flatMap((b) => (areLinked(a.node, b.node) ? [linkOf(a, b)] : [])),
    ),
  }
}

/** Whether two members are peers of each other: in some topologies others carry what they say. */
function linkage({ topology, members }: Network, { nodes }: State): (a: NodeId, b: NodeId) => boolean {
  if (topology === 'mesh') return () => true
  const places = [...members.keys()].map((id) => nodes.get(id)).filter((node) => node !== undefined)
  const index = new PeerIndex(topology, places.map(placeOf))
  const peers = new Map(
    [...members.keys()].map((id) => [id, new Set(index.peersOf(id).map(({ node }) => node))]),
  )
  return (a, b) => peers.get(a)?.has(b) ?? false
}

function placeOf({ id, roles, labels }: Node): Place {
  const has = (role: Role) => roles.includes(role)
  return {
    node: id,
    site: labels[SITE_LABEL] ?? '',
    roles: { hub: has('hub'), gateway: has('gateway'), relay: has('relay') },
  }
}

function graphNode(network: Network, member: Member, { state, presence }: Observations): GraphNode {
  const { ipv4, ipv6 } = memberPlace(network, member.slot)
  const node = state.nodes.get(member.node)
  return {
    id: member.node,
    name: node?.name ?? member.node,
    online: presence.get(member.node)?.online ?? false,
    roles: node?.roles ?? [],
    ipv4,
    ipv6,
    desiredRevision: network.revision,
    appliedRevision: presence.standing(member.node, network.id).applied?.revision ?? 0,
  }
}
