import { parseCidr } from '../../address/cidr.ts'
import { ulaRange } from '../../address/pool.ts'
import type { NodeId } from '../../keys/identity.ts'
import { apply } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import { DEFAULT_PROJECT, ID_BYTES, toNetworkId } from '../../model/names.ts'
import type { Role, State } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'
import { addMember } from './member.ts'
import { TRANSIT_NAME } from './names.ts'

/**
 * Decides what a node does for others. The first relay brings the transit into being, with every node as its member: from
 * then on any two of them can reach each other by any relay that both reach.
 */
export function setRoles(state: State, tools: Tools, id: NodeId, roles: readonly Role[]): Decision<NodeId> {
  const wanted = [...new Set(roles)].toSorted()
  const node = state.nodes.get(id)
  const same = node && node.roles.join() === wanted.join()
  const events: Event[] = same ? [] : [{ type: 'node-roles-set', id, roles: wanted }]
  if (wanted.includes('relay') && !state.transit) events.push(...createTransit(state, tools))
  return { events, result: id }
}

/** Decides that a node becomes a member of the transit, if there is one. */
export function enterTransit(state: State, tools: Tools, id: NodeId): readonly Event[] {
  const transit = state.transit && state.networks.get(state.transit)
  return transit && !transit.members.has(id) ? addMember(state, tools, transit.id, id).events : []
}

/** The transit is IPv6 only. Its records need an IPv4 place all the same; this one is reserved (RFC 1112) and never set. */
const NO_IPV4 = parseCidr('240.0.0.0/8')

function createTransit(state: State, tools: Tools): Event[] {
  const network: Event = {
    type: 'network-created',
    at: tools.now,
    id: toNetworkId(tools.random(ID_BYTES)),
    // Only those who may act in all projects get to see it.
    project: DEFAULT_PROJECT,
    name: TRANSIT_NAME,
    ipv4: NO_IPV4,
    ipv6: ulaRange(tools.random),
    nodePrefixLength: 32,
    topology: 'transit',
    keyCustody: 'controller',
  }
  let then = apply(state, network)
  const events: Event[] = [network]
  for (const node of state.nodes.keys()) {
    const entered = addMember(then, tools, network.id, node).events
    then = entered.reduce(apply, then)
    events.push(...entered)
  }
  return events
}
