import { WeftError } from '../errors.ts'

/** A lab as data: hosts, and the Ethernet segments their ports hang on. */
export interface Topology {
  readonly name: string
  readonly segments: readonly Segment[]
  readonly hosts: readonly HostPlan[]
}

/** One Ethernet, such as a LAN or the part of the Internet that all hosts of a flat lab share. */
export interface Segment {
  readonly name: string
}

export interface HostPlan {
  /** A DNS label. */
  readonly name: string
  /** The first is `eth0`, the next `eth1`. */
  readonly ports: readonly Port[]
}

export interface Port {
  /** Name of a segment. */
  readonly segment: string
  /** Own addresses with the prefix length of the segment: `198.18.0.1/24`, `2001:db8::1/64`. */
  readonly addresses: readonly string[]
}

/** The host on which labs run the controller. */
export const CONTROLLER = 'controller'

/** More hosts than a /24 has room for would need another plan of addresses. */
const FLAT_NODES_MAX = 250

/**
 * One underlay on which all hosts reach one another in both families: the controller and `node-1` to `node-N`. Addresses
 * are of the ranges kept for benchmarks (RFC 2544) and documentation (RFC 3849), which no real network uses.
 */
export function flat(nodes: number): Topology {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > FLAT_NODES_MAX) {
    throw new WeftError('invalid-input', `A flat lab has 1 to ${FLAT_NODES_MAX} nodes, not ${nodes}.`, {
      field: 'nodes',
    })
  }
  const names = [CONTROLLER, ...Array.from({ length: nodes }, (_, index) => `node-${index + 1}`)]
  return {
    name: 'flat',
    segments: [{ name: 'underlay' }],
    hosts: names.map((name, index) => ({ name, ports: [underlayPort(index + 1)] })),
  }
}

function underlayPort(place: number): Port {
  return {
    segment: 'underlay',
    addresses: [`198.18.0.${place}/24`, `2001:db8::${place.toString(16)}/64`],
  }
}
