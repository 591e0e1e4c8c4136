import { type Address, familyOf } from '../address/cidr.ts'
import type { MemberFacts } from './facts.ts'

/** How packets of a link travel. */
export type Path = 'direct' | 'none'

/** One direction of a link, seen from the member that sends. */
export interface Route {
  readonly path: Path
  /** Where the viewer sends; undefined when it has to wait for the other. */
  readonly endpoint: string | undefined
  /** One sentence. */
  readonly reason: string
}

/** How `viewer` reaches `other`: a pure function of what is known of both. */
export function routeTo(viewer: MemberFacts, other: MemberFacts): Route {
  if (other.listenPort === undefined) return none('its listen port has not been reported yet')
  const families = new Set(viewer.addresses.map(familyOf))
  const reachable = other.addresses.filter((address) => families.has(familyOf(address)))
  const [best] = reachable.toSorted(byPreference)
  if (best === undefined) return none('the two have no address family in common')
  const endpoint = formatEndpoint(best, other.listenPort)
  return { path: 'direct', endpoint, reason: `reachable at ${endpoint}` }
}

/** The endpoint to tell members of whom nothing is known: the other's best address of any family. */
export function commonEndpoint(other: MemberFacts): string | undefined {
  const [best] = other.addresses.toSorted(byPreference)
  return best === undefined || other.listenPort === undefined
    ? undefined
    : formatEndpoint(best, other.listenPort)
}

/** `192.0.2.1:51820`, `[2001:db8::1]:51820`. */
function formatEndpoint(address: Address, port: number): string {
  return familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

/** IPv4 first (its headers are shorter, so more fits), then by text: any fixed order does, as long as it is fixed. */
function byPreference(a: Address, b: Address): number {
  return familyOf(a) - familyOf(b) || (a < b ? -1 : 1)
}

function none(reason: string): Route {
  return { path: 'none', endpoint: undefined, reason }
}
