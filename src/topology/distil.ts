import { type Address, type Cidr, familyOf, hostRange } from '../address/cidr.ts'
import type { Family } from '../address/number.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { endpointFamily, isPort, socketOf, toEndpoint } from './endpoint.ts'
import { type Host, hostsOf, isInside } from './hosts.ts'
import type { Nat, Reach, TransitPlace } from './reach.ts'
import { scopeOf } from './scope.ts'

/** All that is known of one member of one network: short-lived, partly hearsay, and perhaps nothing at all. */
export interface NodeFacts {
  readonly node: NodeId
  /** Of its interfaces, with the length of the prefix, as the node reports them: `192.168.1.2/24`. */
  readonly addresses: readonly string[]
  /** UDP port of its interface for this network; undefined or 0 until one is bound. */
  readonly port: number | undefined
  /** MTU of its underlay in bytes; undefined while not reported. */
  readonly mtu: number | undefined
  /** What relays saw of that port. */
  readonly witnessed: readonly Witness[]
  /** Where its connection to the controller comes from, as the controller sees it. */
  readonly seenFrom: Address | undefined
  /** Label of its site, which the operator gave; empty: none. */
  readonly site: string
  /** Where a router forwards its port from, by the word of the operator; the same port, so that it is clear which is meant. */
  readonly forwarded?: string | undefined
  /** Its slot in the transit; undefined while it is no member there. */
  readonly transitSlot: number | undefined
  /** Seconds by which its clock is ahead of that of the controller; undefined while it has not said. */
  readonly clockAhead?: number | undefined
}

/** A relay's word on where packets of a member's port come from. */
export interface Witness {
  readonly relay: NodeId
  readonly endpoint: string
}

/** Endpoints of one kind and family that are kept: each that leads nowhere costs the time of a trial. */
export const MAX_ENDPOINTS = 4

/** MTU of Ethernet, assumed where none is reported that IP could use (RFC 791: 576 at least). */
export const USUAL_MTU = 1_500

/**
 * Where a member can be reached by anybody. Facts that cannot be are left out: addresses inside `overlays` (the ranges of
 * the transit and of the node's networks), outside endpoints that are not global IPv4, a node that witnesses itself.
 */
export function reachOf(facts: NodeFacts, overlays: readonly Cidr[]): Reach {
  const hosts = hostsOf(facts.addresses, overlays)
  const direct = directEndpoints([...hosts, ...forwardedHosts(facts, overlays)], facts.port)
  const views = outsideViews(facts, overlays)
  const [outside, another] = new Set(views.map(({ endpoint }) => endpoint))
  return {
    node: facts.node,
    families: familiesOf(hosts, views.length > 0),
    direct,
    outside: another === undefined ? outside : undefined,
    nat: natOf(views, direct),
    transit: placeInTransit(facts),
    mtu: isMtu(facts.mtu) ? facts.mtu : USUAL_MTU,
  }
}

/** A witness whose word can be true. */
export interface OutsideView {
  readonly relay: NodeId
  readonly address: Address
  readonly endpoint: Endpoint
}

/** What witnesses say of a member, less what cannot be. */
export function outsideViews(
  { node, witnessed }: NodeFacts,
  overlays: readonly Cidr[],
): readonly OutsideView[] {
  return witnessed.flatMap(({ relay, endpoint }) => {
    const socket = socketOf(endpoint)
    if (!socket || relay === node || familyOf(socket.address) === 6) return []
    if (scopeOf(socket.address) !== 'global' || isInside(overlays, socket.address)) return []
    return [{ relay, address: socket.address, endpoint: toEndpoint(socket) }]
  })
}

function directEndpoints(hosts: readonly Host[], port: number | undefined): readonly Endpoint[] {
  if (!isPort(port)) return []
  const endpoints = hosts
    .filter(({ scope }) => scope === 'global')
    .map(({ address }) => toEndpoint({ address, port }))
  const unique = [...new Set(endpoints)]
  return ([4, 6] as const).flatMap((family) =>
    unique.filter((endpoint) => endpointFamily(endpoint) === family).slice(0, MAX_ENDPOINTS),
  )
}

/** A forwarded address is one more of the node's own, as far as others can tell. */
function forwardedHosts({ forwarded = '', port }: NodeFacts, overlays: readonly Cidr[]): readonly Host[] {
  const socket = socketOf(forwarded)
  return socket && socket.port === port ? hostsOf([hostRange(socket.address)], overlays) : []
}

function placeInTransit({ transitSlot, port }: NodeFacts): TransitPlace | undefined {
  return transitSlot !== undefined && isPort(port) ? { slot: transitSlot, port } : undefined
}

/** Private IPv4 reaches the Internet by translation, private IPv6 does not: there is hardly any for it. */
function familiesOf(hosts: readonly Host[], isWitnessed: boolean): readonly Family[] {
  const ipv4 = isWitnessed || hosts.some(({ address }) => familyOf(address) === 4)
  const ipv6 = hosts.some(({ address, scope }) => familyOf(address) === 6 && scope === 'global')
  return [...(ipv4 ? [4 as const] : []), ...(ipv6 ? [6 as const] : [])]
}

/** Two witnesses at least tell a stable mapping from one that is made for every destination. */
function natOf(views: readonly OutsideView[], direct: readonly Endpoint[]): Nat {
  const outside = new Set(views.map(({ endpoint }) => endpoint))
  const untranslated = [...outside].every((endpoint) => direct.includes(endpoint))
  if (untranslated && direct.some((endpoint) => endpointFamily(endpoint) === 4)) return 'open'
  if (outside.size > 1) return 'symmetric'
  return new Set(views.map(({ relay }) => relay)).size > 1 ? 'cone' : 'unknown'
}

/** Whether IP could use an underlay of so many bytes. */
export function isMtu(mtu: number | undefined): mtu is number {
  return mtu !== undefined && Number.isInteger(mtu) && mtu >= 576 && mtu <= 65_535
}
