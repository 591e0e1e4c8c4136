import type { NodeId } from '../../src/keys/identity.ts'
import { hashOf, weightOf } from '../../src/topology/hash.ts'
import type { PathKind } from '../../src/topology/reach.ts'
import type { Place, Shape } from '../../src/topology/standing.ts'
import type { World, WorldHost } from './world.ts'

/** The slow twin of the engine: what the design says, word by word, about the world itself instead of facts on it. */

/** The kinds of path between two hosts, best first. */
export function twinKinds(world: World, a: WorldHost, b: WorldHost): readonly PathKind[] {
  const kinds: PathKind[] = []
  if (shareLan(world, a, b)) kinds.push('lan')
  if (canOpen(world, a, b) || canOpen(world, b, a)) kinds.push('direct')
  if (isStable(world, a) && isStable(world, b)) kinds.push('punched')
  const third = world.relays.filter(({ node, alive }) => alive && node !== a.id && node !== b.id)
  if (isInTransit(a) && isInTransit(b) && third.length > 0) kinds.push('relayed')
  return kinds
}

/** "Both behind the same public address (or the same site label) and private prefixes that match." */
export function shareLan(world: World, a: WorldHost, b: WorldHost): boolean {
  const { routers } = world
  const [of, by] = [routers[a.router ?? -1], routers[b.router ?? -1]]
  if (!of || !by || !a.ipv4 || !b.ipv4 || a.port === 0 || b.port === 0) return false
  const isKnown = [a, b].every((host) => host.seenByController || witnessesOf(world, host) > 0)
  const sameOutside = of.outside === by.outside && isKnown
  const sameSite = a.site !== '' && a.site === b.site
  return of.subnet === by.subnet && a.number !== b.number && (sameOutside || sameSite)
}

/** "One side has an endpoint the other's address family can reach (global IPv6, public IPv4)." */
function canOpen({ routers }: World, from: WorldHost, to: WorldHost): boolean {
  const isPublic4 = to.ipv4 && !routers[to.router ?? -1]
  return to.port > 0 && ((isPublic4 && from.ipv4) || (to.ipv6 && from.ipv6))
}

/** "NATs whose mapping does not depend on the destination", as two relays saw, or the only one there is. */
function isStable(world: World, host: WorldHost): boolean {
  const router = world.routers[host.router ?? -1]
  if (!router || !host.ipv4 || host.port === 0) return false
  const witnesses = witnessesOf(world, host)
  if (witnesses === 1) return world.relays.length === 1
  return witnesses > 1 && router.nat === 'cone'
}

/** A relay is no witness of itself. */
function witnessesOf({ relays }: World, host: WorldHost): number {
  return relays.slice(0, host.witnesses).filter(({ node }) => node !== host.id).length
}

function isInTransit(host: WorldHost): boolean {
  return host.inTransit && host.port > 0
}

/** From one member to another, both included; undefined when the two cannot reach each other. */
export function twinRoute(
  shape: Shape,
  members: readonly Place[],
  from: Place,
  to: Place,
): readonly NodeId[] | undefined {
  switch (shape) {
    case 'mesh':
      return [from.node, to.node]
    case 'transit':
      return from.roles.relay || to.roles.relay ? [from.node, to.node] : undefined
    case 'hub': {
      const hubs = members.filter(({ roles }) => roles.hub)
      return chain(from, hubOf(from, hubs), hubOf(to, hubs), to)
    }
    case 'sites': {
      if (from.site === to.site) return [from.node, to.node]
      const gateways = (site: string) => members.filter((each) => each.roles.gateway && each.site === site)
      return chain(from, gatewayOf(from, gateways(from.site)), gatewayOf(to, gateways(to.site)), to)
    }
  }
}

/** The peers of every member and what each owns: for each pair, the first step of its route. */
export function twinPeers(
  shape: Shape,
  members: readonly Place[],
): ReadonlyMap<NodeId, ReadonlyMap<NodeId, readonly NodeId[]>> {
  const lists = new Map<NodeId, Map<NodeId, NodeId[]>>(members.map(({ node }) => [node, new Map()]))
  for (const from of members) {
    for (const to of members) {
      const [, step] = from === to ? [] : (twinRoute(shape, members, from, to) ?? [])
      if (step)
        lists.get(from.node)?.set(step, [...(lists.get(from.node)?.get(step) ?? []), to.node].toSorted())
    }
  }
  return lists
}

function hubOf(member: Place, hubs: readonly Place[]): NodeId | undefined {
  return member.roles.hub ? member.node : winner(member, hubs)
}

function gatewayOf(member: Place, gateways: readonly Place[]): NodeId | undefined {
  return member.roles.gateway ? member.node : winner(member, gateways)
}

/** By rendezvous hash. */
function winner({ node }: Place, choices: readonly Place[]): NodeId | undefined {
  const weight = (choice: Place) => weightOf(hashOf(node), hashOf(choice.node))
  return choices.toSorted((a, b) => weight(b) - weight(a))[0]?.node
}

function chain(
  from: Place,
  first: NodeId | undefined,
  last: NodeId | undefined,
  to: Place,
): readonly NodeId[] | undefined {
  if (first === undefined || last === undefined) return undefined
  const steps = [from.node, first, last, to.node]
  return steps.filter((step, at) => step !== steps[at - 1])
}
