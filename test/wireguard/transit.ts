import { type Cidr, hostRange, parseAddress, parseCidr } from '../../src/address/cidr.ts'
import { flat, type Topology } from '../../src/lab/topology.ts'
import type { Endpoint, InterfaceName } from '../../src/wireguard/device.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import type { PlannedPeer } from '../../src/wireguard/plan.ts'
import type { Gate } from '../../src/wireguard/ruleset.ts'
import { demoPlan, interfaceNamed, keyPair, peer, publicKey } from './fixture.ts'
import { runId } from './scene.ts'
import type { Orders } from './worker.ts'

/** Slots in the transit. Nodes 1 and 2 are members of the demo network, too; the relays stand between them. */
export type Slot = 1 | 2 | 81 | 82
export const RELAYS = [81, 82] as const

/** Ports of the transit, of the members' own network, and of the relays' echo. */
export const PORTS = { transit: 51_819, member: 51_821, echo: 51_818 } as const

/**
 * `node-1` and `node-2` have no segment in common, so only the two relays, which are in both, can bring them together.
 * Behind `relay-81` is a neighbour of its own, that nobody else shall reach.
 */
export const apart: Topology = {
  ...flat(1),
  name: 'apart',
  segments: [{ name: 'west' }, { name: 'east' }, { name: 'home' }],
  hosts: [
    { name: 'node-1', ports: [{ segment: 'west', addresses: ['198.18.1.1/24'] }] },
    { name: 'node-2', ports: [{ segment: 'east', addresses: ['198.18.2.2/24'] }] },
    ...RELAYS.map((slot) => ({
      name: `relay-${slot}`,
      ports: [
        { segment: 'west', addresses: [`198.18.1.${slot}/24`] },
        { segment: 'east', addresses: [`198.18.2.${slot}/24`] },
        { segment: 'home', addresses: [`2001:db8:3::${slot}/64`, `198.18.3.${slot}/24`] },
      ],
    })),
    { name: 'neighbour', ports: [{ segment: 'home', addresses: ['2001:db8:3::9/64', '198.18.3.9/24'] }] },
  ],
}

/** The address by which a node is reached over a relay. */
export function transitAddress(relay: Slot, node: Slot) {
  return parseAddress(`fdbb:0:0:${relay.toString(16)}::${node.toString(16)}`)
}

export function transitName(slot: Slot): InterfaceName {
  return interfaceNamed(`wf${runId}t${slot}`)
}

export function relayRange(relay: Slot): Cidr {
  return parseCidr(`fdbb:0:0:${relay.toString(16)}::/64`)
}

/** What a node or a relay has to have in the transit. */
export function transitOrders(slot: Slot): Orders {
  const isRelay = slot > 80
  const relays = isRelay ? [slot] : RELAYS
  const plan = {
    ...demoPlan(
      slot,
      isRelay ? [toNode(slot, 1), toNode(slot, 2)] : RELAYS.map((relay) => toRelay(slot, relay)),
    ),
    alias: 'weft transit',
    ranges: relays.map(relayRange),
    self: { addresses: relays.map((relay) => transitAddress(relay, slot)) },
  }
  const privateKey = keyPair(100 + slot).privateKey.expose()
  return { name: transitName(slot), plan, privateKey, listenPort: PORTS.transit }
}

/** The gate of a transit interface. */
export function transitGate(slot: Slot, guard = false): Gate {
  const { addresses } = transitOrders(slot).plan.self
  const isRelay = slot > 80
  const udpPorts = [isRelay ? PORTS.echo : PORTS.member]
  return { interface: transitName(slot), forward: isRelay, input: { addresses, udpPorts }, guard }
}

/** Where a member's interface is found over a relay. */
export function relayedEndpoint(relay: Slot, member: Slot): Endpoint {
  return parseEndpoint(`[${transitAddress(relay, member)}]:${PORTS.member}`)
}

/** What member 1 or 2 has to have in the demo network when the other is found over `relay`. */
export function memberOrders(
  self: 1 | 2,
  { relay, mtu = 1_340, peerMtu }: { relay: Slot | undefined; mtu?: number; peerMtu?: number },
): Orders {
  const other = self === 1 ? 2 : 1
  const endpoint = relay && relayedEndpoint(relay, other)
  const plan = { ...demoPlan(self, [peer(other, { endpoint, mtu: peerMtu })]), mtu }
  const privateKey = keyPair(self).privateKey.expose()
  return { name: interfaceNamed(`wf${runId}m${self}`), plan, privateKey, listenPort: PORTS.member }
}

/** A relay hears of a node's endpoint when the node speaks. */
function toNode(relay: Slot, node: Slot): PlannedPeer {
  const allowedIps = [hostRange(transitAddress(relay, node))]
  return { publicKey: publicKey(100 + node), allowedIps, keepalive: 0 }
}

function toRelay(node: Slot, relay: Slot): PlannedPeer {
  const endpoint = parseEndpoint(`198.18.${node}.${relay}:${PORTS.transit}`)
  return { publicKey: publicKey(100 + relay), allowedIps: [relayRange(relay)], endpoint, keepalive: 25 }
}
