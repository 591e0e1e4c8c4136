import type { ObservedPeer } from '../../wireguard/device.ts'

/** What a device says of a peer. */
export type Sighting = Pick<ObservedPeer, 'endpoint' | 'latestHandshake' | 'rxBytes' | 'txBytes'>

/** A copy, so that nothing else of a peer is kept in memory. */
export function sightingOf({ endpoint, latestHandshake, rxBytes, txBytes }: Sighting): Sighting {
  return { endpoint, latestHandshake, rxBytes, txBytes }
}

/** Nothing happened in between. */
export function isSame(a: Sighting, b: Sighting): boolean {
  return (
    a.rxBytes === b.rxBytes &&
    a.txBytes === b.txBytes &&
    a.latestHandshake === b.latestHandshake &&
    a.endpoint === b.endpoint
  )
}

/** A handshake was completed in between. By difference, for the clock that dates handshakes may jump. */
export function hasShaken(before: Sighting, after: Sighting): boolean {
  return after.latestHandshake > 0 && after.latestHandshake !== before.latestHandshake
}

/** The other end was heard in between. */
export function hasReceived(before: Sighting, after: Sighting): boolean {
  return after.rxBytes > before.rxBytes || hasShaken(before, after)
}

/** Milliseconds since the last handshake, for as far as the clock can be trusted. @param utc milliseconds since 1970 */
export function handshakeAge({ latestHandshake }: Sighting, utc: number): number {
  return latestHandshake > 0 ? Math.abs(utc - latestHandshake * 1_000) : Number.POSITIVE_INFINITY
}
