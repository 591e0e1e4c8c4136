import fc from 'fast-check'
import { type Cidr, parseCidr } from '../../src/address/cidr.ts'
import { type NodeId, toNodeId } from '../../src/keys/identity.ts'
import type { NodeFacts } from '../../src/topology/distil.ts'
import type { RelayView } from '../../src/topology/reach.ts'
import type { Place } from '../../src/topology/standing.ts'

/** A small Internet: what there is, from which facts follow; the engine sees only the facts. */
export interface World {
  readonly routers: readonly Router[]
  readonly hosts: readonly WorldHost[]
  readonly relays: readonly RelayView[]
}

/** A translating router and the LAN behind it. */
export interface Router {
  /** Third number of `192.168.N.0/24`: LANs of the same numbers are common. */
  readonly subnet: number
  /** Last number of `198.51.100.N`. */
  readonly outside: number
  readonly nat: 'cone' | 'symmetric'
}

export interface WorldHost {
  readonly id: NodeId
  /** Number of its router; undefined: on the open Internet. */
  readonly router: number | undefined
  readonly ipv4: boolean
  /** A global address; routers translate IPv4 only. */
  readonly ipv6: boolean
  /** Last number of its addresses. */
  readonly number: number
  /** 0: its interface is not up yet. */
  readonly port: number
  readonly site: string
  readonly mtu: number
  readonly inTransit: boolean
  /** How many relays have witnessed its port. */
  readonly witnesses: number
  readonly seenByController: boolean
}

export const transitPrefix = parseCidr('fd77:ef7:1::/48')
/** Ranges of overlays; every host has an address in one, which must never get out. */
export const overlays: readonly Cidr[] = [transitPrefix, parseCidr('10.77.0.0/16')]

export function nodeId(number: number): NodeId {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, Math.imul(number + 1, 0x9e3779b1))
  new DataView(bytes.buffer).setUint32(12, number)
  return toNodeId(bytes)
}

/** What is reported and witnessed of a host, with the noise of real machines. */
export function factsOf(world: World, host: WorldHost): NodeFacts {
  const router = world.routers[host.router ?? -1]
  const outside = router && `198.51.100.${router.outside}`
  const inside = router ? `192.168.${router.subnet}.${host.number}` : `203.0.113.${host.number}`
  const ipv6 = `2001:db8:${(host.router ?? 99).toString(16)}::${host.number.toString(16)}`
  const seenFrom = host.ipv4 ? (outside ?? inside) : ipv6
  const witnesses = outside && host.ipv4 && host.port > 0 ? world.relays.slice(0, host.witnesses) : []
  return {
    node: host.id,
    addresses: [
      ...['127.0.0.1/8', '::1/128', 'fe80::1/64', '169.254.7.7/16', '10.77.3.1/24', 'nonsense', '1.2.3.4/99'],
      ...(host.ipv4 ? [`${inside}/24`, '172.17.0.1/16'] : []),
      ...(host.ipv6 ? [`${ipv6}/64`] : []),
    ],
    port: host.port,
    mtu: host.mtu,
    witnessed: witnesses.map(({ node }, at) => ({
      relay: node,
      endpoint: `${outside}:${20_000 + host.number + (router?.nat === 'symmetric' ? 1_000 * at : 0)}`,
    })),
    seenFrom: host.seenByController && (host.ipv4 || host.ipv6) ? parseSeen(seenFrom) : undefined,
    site: host.site,
    transitSlot: host.inTransit ? host.number + 100 : undefined,
  }
}

function parseSeen(text: string): NodeFacts['seenFrom'] {
  // Written canonically above.
  return text as NonNullable<NodeFacts['seenFrom']>
}

const router = fc.record<Router>({
  subnet: fc.integer({ min: 1, max: 2 }),
  outside: fc.integer({ min: 1, max: 3 }),
  nat: fc.constantFrom('cone', 'symmetric'),
})

const host = fc.record({
  router: fc.option(fc.nat(3), { nil: undefined }),
  ipv4: fc.boolean(),
  ipv6: fc.boolean(),
  number: fc.integer({ min: 1, max: 9 }),
  port: fc.constantFrom(0, 51_820, 51_821),
  site: fc.constantFrom('', '', 'paris', 'oslo'),
  mtu: fc.constantFrom(1_280, 1_420, 1_492, 1_500, 9_000),
  inTransit: fc.boolean(),
  witnesses: fc.nat(3),
  seenByController: fc.boolean(),
})

const relay = fc.record({
  alive: fc.boolean(),
  rtt: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
})

/** Two to seven hosts; the first ones may be relays themselves. */
export const worlds: fc.Arbitrary<World> = fc
  .record({
    routers: fc.array(router, { minLength: 4, maxLength: 4 }),
    hosts: fc.array(host, { minLength: 2, maxLength: 7 }),
    relays: fc.array(relay, { maxLength: 3 }),
    relaysAreHosts: fc.boolean(),
  })
  .map(({ routers, hosts, relays, relaysAreHosts }) => ({
    routers,
    hosts: hosts.map((each, at) => ({ ...each, id: nodeId(at) })),
    relays: relays.map((each, at) => ({
      ...each,
      node: nodeId(relaysAreHosts ? at : 50 + at),
      slot: at + 1,
    })),
  }))

const place = fc.record({
  roles: fc.record({
    hub: weighted(0.2),
    gateway: weighted(0.3),
    relay: weighted(0.2),
  }),
  site: fc.constantFrom('', 'oslo', 'paris', 'rome'),
})

function weighted(chance: number): fc.Arbitrary<boolean> {
  return fc.integer({ min: 0, max: 99 }).map((number) => number < chance * 100)
}

/** One member, of a few ids, so that histories meet the same one again. */
export const places: fc.Arbitrary<Place> = fc
  .record({ number: fc.nat(15), place })
  .map(({ number, place: rest }) => ({ node: nodeId(number), ...rest }))

/** Members of one network, each once. */
export const memberships: fc.Arbitrary<readonly Place[]> = fc.uniqueArray(places, {
  maxLength: 16,
  selector: ({ node }) => node,
})
