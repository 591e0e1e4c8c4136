import type { NodeId } from '../keys/identity.ts'

/**
 * Who is linked with whom. `mesh`: all pairs. `hub`: every hub with every hub, and each other member with one of them.
 * `sites`: all pairs of a site, and all gateways; members without a site count as one site. `transit`: relays with all.
 */
export type Shape = 'mesh' | 'hub' | 'sites' | 'transit'

/** What an operator made of a node. */
export interface Roles {
  readonly hub: boolean
  readonly gateway: boolean
  readonly relay: boolean
}

/** What of a member decides on its peers: signed, because their allowed IPs follow from it. */
export interface Place {
  readonly node: NodeId
  readonly roles: Roles
  /** Empty: none. */
  readonly site: string
}

/** A member in its network. */
export interface Standing extends Place {
  /** The hub or gateway through which all that it is not linked with is reached; itself if it is one; undefined: none. */
  readonly home: NodeId | undefined
}

/** Whether the member carries packets of others: hubs of `hub`, gateways of `sites`. */
export function isCarrier(shape: Shape, { roles }: Place): boolean {
  return (shape === 'hub' && roles.hub) || (shape === 'sites' && roles.gateway)
}

/** Members with the same text here choose their home among the same carriers. */
export function regionOf(shape: Shape, { site }: Place): string {
  return shape === 'sites' ? site : ''
}

/**
 * The peer of `viewer` that owns the prefixes of `target`, if any. Packets so go viewer, home of viewer, home of target,
 * target, less what falls together, and replies come back the same way: each hop takes from its neighbour only what it
 * would send there (cryptokey routing, WireGuard paper section 2).
 */
export function ownerOf(shape: Shape, viewer: Standing, target: Standing): NodeId | undefined {
  if (areLinked(shape, viewer, target)) return target.node
  if (viewer.home === undefined || target.home === undefined) return undefined
  return viewer.home === viewer.node ? target.home : viewer.home
}

/** Whether two different members are peers of each other. */
function areLinked(shape: Shape, a: Standing, b: Standing): boolean {
  switch (shape) {
    case 'mesh':
      return true
    case 'transit':
      return a.roles.relay || b.roles.relay
    case 'hub':
      return (a.roles.hub && b.roles.hub) || a.home === b.node || b.home === a.node
    case 'sites':
      return a.site === b.site || (a.roles.gateway && b.roles.gateway)
  }
}

/** Why nobody among the peers of `viewer` owns `target`: one sentence. */
export function whyApart(
  shape: Shape,
  viewer: Standing,
  target: Standing,
  call: (node: NodeId) => string,
): string {
  if (shape === 'transit')
    return 'Members of the transit are linked with relays only, and neither of the two is one.'
  if (shape === 'hub') return 'No member has the role of a hub, and in this topology hubs carry everything.'
  const stranded = [viewer, target].filter(({ home }) => home === undefined)
  const where = ({ node, site }: Standing) =>
    `${call(node)} stands ${site === '' ? 'among the members without a site, which have' : `in site ${site}, which has`} no gateway`
  return `They are in different sites, and ${stranded.map(where).join('; ')}.`
}
