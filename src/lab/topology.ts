import { WeftError } from '../errors.ts'

/** An underlay as data: hosts, and the Ethernet segments their ports hang on. */
export interface Topology {
  readonly name: string
  readonly segments: readonly Segment[]
  readonly hosts: readonly HostPlan[]
}

/** An underlay, what Weft is to do on it, and what is to come of that. */
export interface Scenario extends Topology {
  /** What is special about it, as a clause: `two LANs behind …`. */
  readonly summary: string
  /** Shape of the network between the members. */
  readonly overlay: 'mesh' | 'sites'
  /** Over what each pair of members comes to talk: the first line that fits counts. */
  readonly paths: readonly ExpectedPath[]
}

/** One Ethernet, such as a LAN, a cable to the Internet, or the whole underlay of a flat lab. */
export interface Segment {
  readonly name: string
}

export interface HostPlan {
  /** A DNS label; 12 characters at most, so that the names of its cables fit into the 15 of the kernel. */
  readonly name: string
  /** The first is `eth0`, the next `eth1`. */
  readonly ports: readonly Port[]
  /** Absent: it forwards nothing. */
  readonly router?: Router
  /** Absent on the controller, on routers, and on whatever else runs no agent. */
  readonly agent?: AgentPlan
}

export interface Port {
  /** Name of a segment. */
  readonly segment: string
  /** Own addresses with the prefix length of the segment: `198.18.0.1/24`, `2001:db8::1/64`. */
  readonly addresses: readonly string[]
  /** Addresses on the segment to which all that is for elsewhere goes, one per family at most. */
  readonly gateways?: readonly string[]
  /** Bytes, 1280 to 1500, which is what it is when absent; the same at every port of the segment. */
  readonly mtu?: number
}

/**
 * What a router does to the source of IPv4 packets that leave by its first port: `none`; `cone`, one outside port for one
 * inside port wherever it sends, the same one if it is free; `symmetric`, a random one for every destination.
 */
export type Nat = 'none' | 'cone' | 'symmetric'

/** Forwards between all its ports. One that translates is a home router: it lets nothing in that nobody inside asked for. */
export interface Router {
  readonly nat: Nat
  /** Whether what is meant for itself may come in unasked. */
  readonly open?: boolean
  /** The only IPv4 addresses that those inside may send to; absent: all. */
  readonly only?: readonly string[]
}

export interface AgentPlan {
  /** Whether it joins the network; a host that only relays does not. */
  readonly member: boolean
  readonly roles: readonly Role[]
  /** Label of its site, which its join token gives it. */
  readonly site?: string
}

export type Role = 'relay' | 'gateway'

/** `gateways`: the two are no peers of each other, and gateways carry what they say. */
export type ExpectedKind = 'lan' | 'direct' | 'punched' | 'relayed' | 'gateways'

export interface ExpectedPath {
  readonly kind: ExpectedKind
  /** Names of members, each pair of which is meant; absent: all pairs. */
  readonly among?: readonly string[]
}

/** The host on which labs run the controller. */
export const CONTROLLER = 'controller'

/** More hosts than a /24 has room for would need another plan of addresses. */
const FLAT_NODES_MAX = 250

/** Over what two members talk when all has settled; undefined if the scenario says nothing of them. */
export function expectedPath({ paths }: Scenario, from: string, to: string): ExpectedKind | undefined {
  return paths.find(({ among }) => !among || (among.includes(from) && among.includes(to)))?.kind
}

/**
 * One underlay on which all hosts reach one another in both families: the controller and `node-1` to `node-N`. Addresses
 * are of the ranges kept for benchmarks (RFC 2544) and documentation (RFC 3849), which no real network uses.
 */
export function flat(nodes: number): Scenario {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > FLAT_NODES_MAX) {
    throw new WeftError('invalid-input', `A flat lab has 1 to ${FLAT_NODES_MAX} nodes, not ${nodes}.`, {
      field: 'nodes',
    })
  }
  const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`)
  const agent = { member: true, roles: [] } as const
  return {
    name: 'flat',
    summary: 'one underlay on which all reach one another in both families',
    segments: [{ name: 'underlay' }],
    hosts: [
      { name: CONTROLLER, ports: [underlayPort(1)] },
      ...names.map((name, index) => ({ name, ports: [underlayPort(index + 2)], agent })),
    ],
    overlay: 'mesh',
    paths: [{ kind: 'direct' }],
  }
}

function underlayPort(place: number): Port {
  return {
    segment: 'underlay',
    addresses: [`198.18.0.${place}/24`, `2001:db8::${place.toString(16)}/64`],
  }
}
