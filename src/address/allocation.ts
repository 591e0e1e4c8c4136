import { type Address, type Cidr, prefixLengthOf, toAddress, toBlock, toCidr } from './cidr.ts'

/** What a network has to give: an IPv4 range, a /48 of IPv6, and how large a piece of the first a member gets. */
export interface Ranges {
  readonly ipv4: Cidr
  readonly ipv6: Cidr
  readonly nodePrefixLength: number
}

/** What belongs to one member: its own addresses, and the subnets they are in, which are routed to it. */
export interface Place {
  readonly ipv4: Address
  readonly ipv6: Address
  readonly subnetIpv4: Cidr
  readonly subnetIpv6: Cidr
}

/**
 * The place that belongs to a slot: subnet number `slot` of each range, and the first host in it. With a
 * `nodePrefixLength` of 32 the subnet is the address.
 * @param slot 1 to `slotCount`
 */
export function memberPlace({ ipv4, ipv6, nodePrefixLength }: Ranges, slot: number): Place {
  const width4 = BigInt(32 - nodePrefixLength)
  const first4 = toBlock(ipv4).first + (BigInt(slot) << width4)
  const first6 = toBlock(ipv6).first + (BigInt(slot) << 64n)
  return {
    ipv4: toAddress(4, nodePrefixLength === 32 ? first4 : first4 + 1n),
    ipv6: toAddress(6, first6 + 1n),
    subnetIpv4: toCidr({ family: 4, first: first4, prefixLength: nodePrefixLength }),
    subnetIpv6: toCidr({ family: 6, first: first6, prefixLength: 64 }),
  }
}

/** A /48 has 65,536 subnets of /64, and number 0 is not used. */
const IPV6_SLOTS = 65_535

/**
 * The highest slot of a network, 0 if there is none. Slot 0 is never used (it holds the network's address), nor is the
 * last one when the member's own address in it would be the broadcast address of the range.
 */
export function slotCount(ipv4: Cidr, nodePrefixLength: number): number {
  const last = 2 ** (nodePrefixLength - prefixLengthOf(ipv4)) - 1
  return Math.max(0, Math.min(nodePrefixLength >= 31 ? last - 1 : last, IPV6_SLOTS))
}

/** The part of a network's slots that choosing needs; see `Slots` of the model. */
interface SlotsView<Node> {
  readonly next: number
  readonly free: readonly number[]
  readonly tombstones: {
    get(node: Node): TombstoneView | undefined
    entries(): Iterable<[Node, TombstoneView]>
  }
}

interface TombstoneView {
  readonly slot: number
  readonly removedAt: number
}

interface ChoiceOptions {
  /** Milliseconds since 1970. */
  readonly now: number
  /** How long a removed member's slot is kept for it, in ms. */
  readonly tombstoneAge: number
  /** The highest slot: `slotCount`. */
  readonly limit: number
}

interface Choice<Node> {
  readonly slot: number
  /** Nodes whose tombstones have to be cleared before the slot is given. */
  readonly clear: readonly Node[]
}

/**
 * A slot for `node`: its own while its tombstone stands, else one never used, else the lowest free one, else one whose
 * tombstone is old enough to be cleared. Undefined when all are taken. Looks at all tombstones in the last case only.
 */
export function chooseSlot<Node>(
  slots: SlotsView<Node>,
  node: Node,
  options: ChoiceOptions,
): Choice<Node> | undefined {
  const own = slots.tombstones.get(node)
  if (own) return { slot: own.slot, clear: [] }
  if (slots.next <= options.limit) return { slot: slots.next, clear: [] }
  const [free] = slots.free
  if (free !== undefined) return { slot: free, clear: [] }
  return clearOldest(slots, options)
}

/** Tombstones cleared at once: enough that the search for them is rare, few enough for one log entry. */
const CLEARED_AT_ONCE = 256

function clearOldest<Node>(slots: SlotsView<Node>, { now, tombstoneAge }: ChoiceOptions) {
  const cleared = [...slots.tombstones.entries()]
    .filter(([, tombstone]) => tombstone.removedAt + tombstoneAge <= now)
    .sort(([, a], [, b]) => a.removedAt - b.removedAt || a.slot - b.slot)
    .slice(0, CLEARED_AT_ONCE)
  if (cleared.length === 0) return undefined
  const slot = Math.min(...cleared.map(([, tombstone]) => tombstone.slot))
  return { slot, clear: cleared.map(([node]) => node) }
}
