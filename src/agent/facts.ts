import { networkInterfaces } from 'node:os'
import { INTERFACE_PREFIX, parseInterfaceName } from '../wireguard/name.ts'

/** Addresses under which this machine may be reached: not loopback, not link-local, not those of our own tunnels. */
export function ownAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !isTunnel(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, scopeid, address }) => !internal && !scopeid && !address.startsWith('169.254.'))
    .map(({ address }) => address)
    .toSorted()
    .slice(0, MAX_ADDRESSES)
}

/** The protocol takes no more; a machine with more has them for containers, which no peer can reach. */
const MAX_ADDRESSES = 64
const TUNNEL_NAME_LENGTH = INTERFACE_PREFIX.length + 10

function isTunnel(name: string): boolean {
  return (
    name.startsWith(INTERFACE_PREFIX) &&
    name.length === TUNNEL_NAME_LENGTH &&
    parseInterfaceName(name) !== undefined
  )
}
