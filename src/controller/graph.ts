import { memberPlace } from '../address/allocation.ts'
import type { Address } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Member, Network, Role } from '../model/state.ts'
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
  return {
    network: network.id,
    epoch: seen.state.epoch,
    revision: network.revision,
    nodes: members.map((member) => graphNode(network, member, seen)),
    links: members.flatMap((a, at) => members.slice(at + 1).map((b) => linkOf(a, b))),
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
