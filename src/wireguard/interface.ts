import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Cidr } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import type { InterfaceAddress, InterfaceName, ObservedDevice } from './device.ts'
import { parseInterfaceName } from './name.ts'

/** What `ip` knows of an interface. */
export type LinkFacts = Pick<ObservedDevice, 'mtu' | 'alias' | 'up' | 'addresses' | 'routes'>

/**
 * What to give `ip -j -d -batch -` for an answer that `parseInterface` reads. What the kernel has learned of paths to single
 * addresses is not in it: that is only shown to who asks for the `cache` (ip-route(8)).
 */
export function interfaceQuery(name: InterfaceName): string {
  return `address show dev ${name}\nroute show table all dev ${name}\n`
}

/**
 * Reads the answer to `interfaceQuery`: a JSON array on a line for each command. Leaves out the addresses and routes
 * that the kernel makes by itself. Throws `program-failed` when it is something else.
 */
export function parseInterface(text: string): LinkFacts {
  const [links = '', routes = ''] = text.trim().split('\n')
  const link = listIn(links).find((item) => LINK.Check(item))
  if (!link) throw odd('an interface')
  const given = listIn(routes)
    .filter((item) => ROUTE.Check(item))
    .filter(isGivenRoute)
  return {
    mtu: link.mtu,
    alias: link.ifalias ?? '',
    up: link.flags.includes('UP'),
    addresses: (link.addr_info ?? []).filter(isGivenAddress).map(addressOf),
    // The same range may be there with another metric; the one that is listed first is the one in use.
    routes: new Map(given.map(routeOf).reverse()),
  }
}

/**
 * Reads the answer to `ip -j -d link show`: names and kinds (`tun`, `wireguard`, …; empty for hardware), without the
 * names that we never make. Throws `program-failed` when it is something else.
 */
export function parseLinks(text: string): ReadonlyMap<InterfaceName, string> {
  const kinds = new Map<InterfaceName, string>()
  for (const link of listIn(text).filter((item) => LINK.Check(item))) {
    const name = parseInterfaceName(link.ifname)
    if (name) kinds.set(name, link.linkinfo?.info_kind ?? '')
  }
  return kinds
}

const AddressInfo = Type.Object({
  family: Type.String(),
  local: Type.String(),
  /** The other end's, on a point-to-point interface. */
  address: Type.Optional(Type.String()),
  prefixlen: Type.Integer(),
  scope: Type.String(),
})

const LINK = Compile(
  Type.Object({
    ifname: Type.String(),
    mtu: Type.Integer(),
    flags: Type.Array(Type.String()),
    ifalias: Type.Optional(Type.String()),
    linkinfo: Type.Optional(Type.Object({ info_kind: Type.Optional(Type.String()) })),
    addr_info: Type.Optional(Type.Array(AddressInfo)),
  }),
)

const Route = Type.Object({
  type: Type.String(),
  dst: Type.String(),
  table: Type.String(),
  protocol: Type.String(),
  metrics: Type.Optional(Type.Array(Type.Object({ mtu: Type.Optional(Type.Integer()) }))),
  /** Router preference (RFC 4191): the kernel states it for IPv6 alone. */
  pref: Type.Optional(Type.String()),
})

const ROUTE = Compile(Route)

/** The items of a JSON array. Some versions of `ip` print `{}` for interfaces that were not asked for. */
function listIn(text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list)) return list
  } catch {}
  throw odd('a JSON array')
}

/** fe80::/10 comes by itself with a userspace WireGuard. */
function isGivenAddress({ family, scope }: Static<typeof AddressInfo>): boolean {
  return family !== 'inet6' || scope !== 'link'
}

function addressOf({ local, address, prefixlen }: Static<typeof AddressInfo>): InterfaceAddress {
  const peer = address === undefined || address === local ? '' : ` peer ${address}`
  return `${local}${peer}/${prefixlen}` as InterfaceAddress
}

function isGivenRoute({ type, table, protocol }: Static<typeof Route>): boolean {
  return type === 'unicast' && table === 'main' && protocol !== 'kernel'
}

function routeOf(route: Static<typeof Route>): [Cidr, number | undefined] {
  return [rangeOf(route), route.metrics?.find(({ mtu }) => mtu !== undefined)?.mtu]
}

/** `ip` leaves out the length of a host's prefix, and both families have the same word for their default route. */
function rangeOf({ dst, pref }: Static<typeof Route>): Cidr {
  if (dst === 'default') return (pref === undefined ? '0.0.0.0/0' : '::/0') as Cidr
  return (dst.includes('/') ? dst : `${dst}/${dst.includes(':') ? 128 : 32}`) as Cidr
}

function odd(expected: string): WeftError {
  return new WeftError('program-failed', `ip printed something else where ${expected} should be.`, {
    advice: 'Check that ip is that of iproute2 4.14 or newer.',
  })
}
