import {
  type AgentPlan,
  CONTROLLER,
  type HostPlan,
  type Port,
  type Router,
  type Scenario,
} from './topology.ts'

/** A private LAN, whose router is at its first address. */
export interface Lan {
  /** Where its router is on it. */
  readonly inside: Port
  /** @param number last number of the address, 2 to 254 */
  port(number: number): Port
}

/** What has to be said of a lab whose hosts meet on the Internet. */
export type InternetPlan = Omit<Scenario, 'segments' | 'overlay'> & Partial<Pick<Scenario, 'overlay'>>

/** Places on the Internet that mean the same in all labs; others begin behind them. */
const PLACES = Object.freeze({ [CONTROLLER]: 1, 'relay-1': 2, 'relay-2': 3 })
export const FIRST_FREE_PLACE = 4

/** The controller's cable, the same in all labs. */
export const CONTROLLER_PORT: Port = Object.freeze(publicPort(PLACES[CONTROLLER]))

/**
 * Adds the controller, and the router `internet`, which has a cable to each host that has a gateway nobody else is. It
 * knows public addresses only, as the real one does.
 */
export function onInternet({ hosts: others, ...plan }: InternetPlan): Scenario {
  const hosts = [{ name: CONTROLLER, ports: [CONTROLLER_PORT] }, ...others]
  const taken = hosts.flatMap(({ ports }) => ports.flatMap(addressesOf))
  const uplinks = hosts
    .flatMap(({ ports }) => ports)
    .filter(({ gateways = [] }) => gateways.some((gateway) => !taken.includes(gateway)))
  const internet = { name: 'internet', ports: uplinks.map(farEnd), router: { nat: 'none' } } as const
  const all = [internet, ...hosts]
  const segments = new Set(all.flatMap(({ ports }) => ports.map(({ segment }) => segment)))
  return { overlay: 'mesh', ...plan, hosts: all, segments: [...segments].map((name) => ({ name })) }
}

/**
 * A cable to the Internet with global addresses, of documentation ranges (RFC 5737, RFC 3849), in both families or in one.
 * @param place 0 to 31, one for each cable: 203.0.113.0/24 in parts of eight addresses
 * @param number which of the five addresses that the cable has room for, from 2 on
 */
export function publicPort(
  place: number,
  { families = [4, 6], number = 2, mtu }: PublicPortOptions = {},
): Port {
  const address = (family: 4 | 6, host: number) =>
    family === 4 ? `203.0.113.${8 * place + host}` : `2001:db8:0:${place.toString(16)}::${host}`
  return {
    segment: `link-${place}`,
    addresses: families.map((family) => `${address(family, number)}/${family === 4 ? 29 : 64}`),
    gateways: families.map((family) => address(family, 1)),
    ...(mtu !== undefined && { mtu }),
  }
}

interface PublicPortOptions {
  readonly families?: readonly (4 | 6)[]
  readonly number?: number
  readonly mtu?: number
}

/** @param range the first three numbers of a /24: `192.168.1` */
export function lanOf(name: string, range: string): Lan {
  const segment = `lan-${name}`
  return {
    inside: { segment, addresses: [`${range}.1/24`] },
    port: (number) => ({ segment, addresses: [`${range}.${number}/24`], gateways: [`${range}.1`] }),
  }
}

/** A router that stands between a LAN and what `uplink` leads to. */
export function homeRouter(name: string, uplink: Port, { inside }: Lan, router: Router): HostPlan {
  return { name, ports: [uplink, inside], router }
}

/** A host whose agent joins the network. */
export function member(name: string, port: Port, more: Partial<AgentPlan> = {}): HostPlan {
  return { name, ports: [port], agent: { member: true, roles: [], ...more } }
}

/** A public host in both families that relays and is no member. */
export function relay(name: 'relay-1' | 'relay-2'): HostPlan {
  return { name, ports: [publicPort(PLACES[name])], agent: { member: false, roles: ['relay'] } }
}

/** Own addresses of a port, without prefix length. */
export function addressesOf({ addresses }: Port): string[] {
  return addresses.map((address) => address.replace(/\/\d+$/, ''))
}

/** The other end of a cable to the Internet. */
function farEnd({ segment, addresses, gateways = [], mtu }: Port): Port {
  const lengths = addresses.map((address) => address.split('/')[1])
  const own = gateways.map((gateway, index) => `${gateway}/${lengths[index]}`)
  return { segment, addresses: own, ...(mtu !== undefined && { mtu }) }
}
