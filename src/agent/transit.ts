import { type Address, type Cidr, toBlock } from '../address/cidr.ts'
import type { Family } from '../address/number.ts'
import type { NodeId } from '../keys/identity.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { MemberRecord } from '../protocol/record.ts'
import { endpointFamily } from '../topology/endpoint.ts'
import { transitMtu } from '../topology/mtu.ts'
import type { Reach } from '../topology/reach.ts'
import { relayAddress, relayRange, transitAllowedIps } from '../topology/transit.ts'
import type { Endpoint } from '../wireguard/device.ts'
import type { NetworkPlan, PlannedPeer } from '../wireguard/plan.ts'
import type { Underlay } from './facts.ts'
import type { Replica } from './replica.ts'

/** A relay that this node can attach to. */
export interface Relay {
  readonly node: NodeId
  readonly slot: number
  /** Of its transit interface. */
  readonly publicKey: PublicKey
  readonly endpoint: Endpoint | undefined
  /** Where it answers inside the transit. */
  readonly address: Address
}

/** What this node knows of the transit, from its own membership in it. */
export interface Transit {
  /** The /48 of the transit. */
  readonly prefix: Cidr
  readonly ownSlot: number
  readonly isRelay: boolean
  /** All other relays. */
  readonly relays: readonly Relay[]
  /** Own addresses, one at each relay. */
  readonly addresses: readonly Address[]
}

/** Seconds: shorter than any translation forgets UDP, so that a relay can always reach its nodes. */
const KEEPALIVE = 25

/** @param families in which this node can send. Undefined until the replica, of a network of topology `transit`, is complete. */
export function transitOf(replica: Replica, families: readonly Family[]): Transit | undefined {
  const { content } = replica
  if (content?.topology !== 'transit' || !replica.position()) return undefined
  const { ipv6Range: prefix, record } = content
  const ownSlot = slotOf(record)
  const reachable = (reach: Reach) => reach.direct.find((each) => families.includes(endpointFamily(each)))
  const relays = replica
    .others()
    .filter(isRelay)
    .map((other) => relayOf(prefix, other, reachable(replica.reachOf(other.node))))
  const slots = [...relays.map(({ slot }) => slot), ...(isRelay(record) ? [ownSlot] : [])]
  const addresses = slots.map((relay) => relayAddress(prefix, { relay, node: ownSlot }))
  return { prefix, ownSlot, isRelay: isRelay(record), relays, addresses }
}

/** @param witnessed keys that this node, a relay, is a witness for */
export function transitPlan(
  replica: Replica,
  { mtu, families }: Underlay,
  witnessed: Iterable<PublicKey>,
): NetworkPlan | undefined {
  const transit = transitOf(replica, families)
  if (!transit) return undefined
  const { prefix, relays, ownSlot } = transit
  const slots = [...relays.map(({ slot }) => slot), ...(transit.isRelay ? [ownSlot] : [])]
  return {
    networkId: replica.network,
    alias: `weft ${replica.name}`,
    ranges: slots.map((slot) => relayRange(prefix, slot)),
    mtu: transitMtu(mtu),
    self: { addresses: transit.addresses },
    peers: [
      ...replica.others().flatMap((other) => peerOf(transit, other)),
      ...Array.from(witnessed, toWitness),
    ],
  }
}

function peerOf(transit: Transit, other: MemberRecord): PlannedPeer[] {
  const { prefix, ownSlot } = transit
  const own = { slot: ownSlot, isRelay: transit.isRelay }
  const allowedIps = transitAllowedIps(prefix, own, { slot: slotOf(other), isRelay: isRelay(other) })
  const relay = transit.relays.find(({ node }) => node === other.node)
  if (allowedIps.length === 0) return []
  return [
    { publicKey: other.publicKey, allowedIps, endpoint: relay?.endpoint, keepalive: relay ? KEEPALIVE : 0 },
  ]
}

/** A peer without allowed IPs: it can shake hands, and nothing else. */
function toWitness(publicKey: PublicKey): PlannedPeer {
  return { publicKey, allowedIps: [], keepalive: 0 }
}

function relayOf(prefix: Cidr, record: MemberRecord, endpoint: Endpoint | undefined): Relay {
  const slot = slotOf(record)
  return {
    node: record.node,
    slot,
    publicKey: record.publicKey,
    endpoint,
    address: relayAddress(prefix, { relay: slot, node: slot }),
  }
}

function isRelay({ roles }: MemberRecord): boolean {
  return roles.includes('relay')
}

/** Members of the transit own the /64 of their slot. */
function slotOf({ ipv6 }: MemberRecord): number {
  return Number((toBlock(ipv6).first >> 64n) & 0xffffn)
}
