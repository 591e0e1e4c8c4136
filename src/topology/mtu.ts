import type { Family } from '../address/number.ts'

/** Of any interface for a network: Ethernet less the headers of IPv6. */
const INTERFACE_MTU = 1_420
/** What IPv6 demands of every link (RFC 8200 section 5): with a smaller underlay the outer packets are fragmented. */
const LEAST_MTU = 1_280
/** Bytes that WireGuard over UDP adds: header and tag 32, UDP 8, and 20 or 40 for IP. */
const OVERHEAD = { 4: 60, 6: 80 } as const

/** WireGuard pads packets to a multiple of so many bytes, as far as the MTU of the interface allows (paper, section 5.4.6). */
const PADDING = 16

/** Of packets inside a tunnel whose outer packets go over `family`. @param underlay bytes, the smaller of both ends */
export function linkMtu(underlay: number, family: Family): number {
  return Math.max(LEAST_MTU, padded(underlay - OVERHEAD[family]))
}

/** Of the transit interface: never so small that a relayed link, which is IPv6 inside IPv6 at worst, has no room. */
export function transitMtu(underlay: number): number {
  return Math.max(LEAST_MTU + OVERHEAD[6], Math.min(INTERFACE_MTU, underlay - OVERHEAD[6]))
}

/** Of packets inside a tunnel that itself rides in the transit. */
export function relayedMtu(underlay: number): number {
  return padded(transitMtu(underlay) - OVERHEAD[6])
}

/** What still fits when it is padded: the interface ends the padding only where the path is as wide as itself. */
function padded(mtu: number): number {
  return mtu >= INTERFACE_MTU ? INTERFACE_MTU : mtu - (mtu % PADDING)
}
