import type { NodeId } from '../../keys/identity.ts'
import { type Network, type Node, type Role, SITE_LABEL, type State } from '../../model/state.ts'
import { PeerIndex } from '../peers.ts'
import type { Place } from '../standing.ts'
import { Audiences } from './audiences.ts'
import { Regime } from './regime.ts'

/** Who is a peer of whom in a network, by its members, topology and policy. */
export interface Linkage {
  /** Whether two different members are peers. */
  areLinked(a: NodeId, b: NodeId): boolean
  /** All peers of a member; of members that see the same it may be the same list, with the member itself in it. */
  seenBy(node: NodeId): readonly NodeId[]
}

/** As the state has it now: worked out from nothing, in the time of members and links. */
export function linkageOf(network: Network, { nodes }: Pick<State, 'nodes'>): Linkage {
  const members = [...network.members.keys()].map((id) => nodes.get(id)).filter((node) => node !== undefined)
  const regime = new Regime(network)
  const isMesh = network.topology === 'mesh' || network.topology === 'transit'
  if (isMesh && regime.isUniform) {
    const all = members.map(({ id }) => id)
    return { seenBy: () => all, areLinked: (a, b) => a !== b }
  }
  const audiences = new Audiences(regime, members)
  const seenBy = (node: NodeId) => audiences.visibleTo(audiences.of(node)?.key ?? '')
  if (isMesh) return { seenBy, areLinked: (a, b) => a !== b && audiences.sees(a, b) }
  const index = new PeerIndex(network.topology, members.map(placeOf))
  const peersOf = (id: NodeId) =>
    index.peersOf(id).flatMap(({ node }) => (audiences.sees(id, node) ? node : []))
  const peers = new Map(members.map(({ id }) => [id, new Set(peersOf(id))]))
  return {
    seenBy: (node) => [...(peers.get(node) ?? [])],
    areLinked: (a, b) => peers.get(a)?.has(b) ?? false,
  }
}

/** What of a node decides on its peers. */
export function placeOf({ id, roles, labels }: Node): Place {
  const has = (role: Role) => roles.includes(role)
  return {
    node: id,
    site: labels[SITE_LABEL] ?? '',
    roles: { hub: has('hub'), gateway: has('gateway'), relay: has('relay') },
  }
}
