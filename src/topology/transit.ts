import { type Address, type Cidr, contains, hostRange, toAddress, toBlock, toCidr } from '../address/cidr.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { toEndpoint } from './endpoint.ts'
import type { TransitPlace } from './reach.ts'

/**
 * Addresses in the transit, a /48 of which every node has one per relay: for the relay in slot R and the node in slot N
 * `prefix:R::N`, in the /64 of the relay. Source and destination of a packet so belong to the same relay, replies take the
 * way of the request, and what a node routes to a relay never has to change.
 */
export interface TransitSlots {
  /** 1 to 65535. */
  readonly relay: number
  /** 1 to 65535. */
  readonly node: number
}

/** What a member of the transit is to the others there. */
export interface TransitMember {
  readonly slot: number
  readonly isRelay: boolean
}

const GROUP = 0xffffn

/** The address of a node at a relay. @param prefix the /48 of the transit */
export function relayAddress(prefix: Cidr, { relay, node }: TransitSlots): Address {
  return toAddress(6, toBlock(prefix).first | (BigInt(relay) << 64n) | BigInt(node))
}

/** All addresses at a relay, its own among them. @param prefix the /48 of the transit */
export function relayRange(prefix: Cidr, relay: number): Cidr {
  return toCidr({ family: 6, first: toBlock(prefix).first | (BigInt(relay) << 64n), prefixLength: 64 })
}

/** Whose address this is, and at which relay; undefined when it is none of the transit. */
export function slotsOf(prefix: Cidr, address: Address): TransitSlots | undefined {
  if (!contains(prefix, address)) return undefined
  const { first } = toBlock(address)
  const relay = Number((first >> 64n) & GROUP)
  const node = Number(first & GROUP)
  const isOurs = relay > 0 && node > 0 && ((first >> 16n) & 0xffffffffffffn) === 0n
  return isOurs ? { relay, node } : undefined
}

/** Where a member's port is reached through a relay. */
export function relayedEndpoint(prefix: Cidr, relay: number, { slot, port }: TransitPlace): Endpoint {
  return toEndpoint({ address: relayAddress(prefix, { relay, node: slot }), port })
}

/** What `other` may send and is sent on the transit interface of `own`; nothing: they are no peers there. */
export function transitAllowedIps(prefix: Cidr, own: TransitMember, other: TransitMember): readonly Cidr[] {
  const asClient = own.isRelay ? [hostRange(relayAddress(prefix, { relay: own.slot, node: other.slot }))] : []
  return other.isRelay ? [...asClient, relayRange(prefix, other.slot)].toSorted() : asClient
}
