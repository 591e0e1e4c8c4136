import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import type { Family } from '../address/number.ts'
import { INTERFACE_PREFIX, parseInterfaceName } from '../wireguard/name.ts'

/** Where this machine stands on its underlay. */
export interface Underlay {
  /** With prefix lengths, `192.168.1.2/24`; not loopback, not link-local, not those of our own tunnels. */
  readonly addresses: readonly string[]
  /** Smallest MTU of the interfaces that have them, in bytes. */
  readonly mtu: number
  /** In which it can send beyond its own LAN. */
  readonly families: readonly Family[]
}

/** The protocol takes no more; a machine with more has them for containers, which no peer can reach. */
const MAX_ADDRESSES = 64
const USUAL_MTU = 1_500

export function ownUnderlay(): Underlay {
  const own = Object.entries(networkInterfaces())
    .filter(([name]) => !isTunnel(name))
    .flatMap(([name, list]) => (list ?? []).map((entry) => ({ ...entry, name })))
    .filter(({ internal, scopeid, address }) => !internal && !scopeid && !address.startsWith('169.254.'))
  const addresses = own.map(({ cidr }) => cidr).filter((cidr) => cidr !== null)
  const mtus = [...new Set(own.map(({ name }) => name))].map(mtuOf)
  const families = ([4, 6] as const).filter((family) => addresses.some((cidr) => leadsOut(cidr, family)))
  return {
    addresses: addresses.toSorted().slice(0, MAX_ADDRESSES),
    mtu: Math.min(USUAL_MTU, ...mtus),
    families,
  }
}

const TUNNEL_NAME_LENGTH = INTERFACE_PREFIX.length + 10

/** Private IPv4 is translated on its way out; unique local IPv6 (RFC 4193) hardly ever. */
function leadsOut(cidr: string, family: Family): boolean {
  return family === 4 ? !cidr.includes(':') : cidr.includes(':') && !/^f[cd]/i.test(cidr)
}

function isTunnel(name: string): boolean {
  return (
    name.startsWith(INTERFACE_PREFIX) &&
    name.length === TUNNEL_NAME_LENGTH &&
    parseInterfaceName(name) !== undefined
  )
}

/** From sysfs; an interface that is going away at this moment counts as usual. */
function mtuOf(name: string): number {
  try {
    return Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8')) || USUAL_MTU
  } catch {
    return USUAL_MTU
  }
}
