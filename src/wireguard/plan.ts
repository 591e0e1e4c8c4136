import { type Address, type Block, type Cidr, hostRange, toBlock } from '../address/cidr.ts'
import { hostBits } from '../address/number.ts'
import { WeftError } from '../errors.ts'
import type { KeyPair, PublicKey } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import type { DesiredDevice, Endpoint, InterfaceAddress, Peer } from './device.ts'

/** Bytes that every link has to carry for IPv6 (RFC 8200 section 5). */
const MTU_MIN = 1_280

/** What one node has to have in one network, in the terms of the network. */
export interface NetworkPlan {
  readonly networkId: NetworkId
  /** For people who look at the interface, like `weft demo`. */
  readonly alias: string
  /** All addresses of the network, of one or both families; each becomes one route, however many peers there are. */
  readonly ranges: readonly Cidr[]
  /** Of the interface, in bytes. */
  readonly mtu: number
  readonly self: { readonly addresses: readonly Address[] }
  readonly peers: readonly PlannedPeer[]
}

export interface PlannedPeer {
  readonly publicKey: PublicKey
  readonly allowedIps: readonly Cidr[]
  readonly endpoint?: Endpoint | undefined
  /** Seconds; 0 is off. */
  readonly keepalive: number
  /**
   * What the path to this peer carries inside the tunnel, in bytes; absent: as much as the interface. WireGuard fills packets
   * up to a multiple of 16 or to the MTU of the interface: others than multiples of 16 cost a fragment on the way.
   */
  readonly mtu?: number | undefined
}

/** What the node itself brings to a plan. */
export interface OwnSide extends KeyPair {
  readonly listenPort: number
}

/**
 * The interface that a plan asks for. Throws `invalid-input` for a plan that WireGuard would take without a word and
 * carry out wrongly: a peer twice, the own key as a peer, allowed IPs of two peers that overlap (the later steals them
 * from the earlier), allowed IPs and addresses outside the network, or an MTU too small for IPv6.
 */
export function desiredDevice(plan: NetworkPlan, own: OwnSide): DesiredDevice {
  const ranges = plan.ranges.map(toBlock)
  for (const address of plan.self.addresses) mustBeInside(ranges, hostRange(address))
  const checked = plan.peers.map((peer) => check(peer, plan.ranges, ranges))
  mustBeDisjoint(checked.flatMap(({ claims }) => claims))
  return {
    privateKey: own.privateKey,
    publicKey: own.publicKey,
    listenPort: own.listenPort,
    mtu: plan.mtu,
    alias: plan.alias,
    addresses: plan.self.addresses.map(ownAddress),
    routes: routesOf(plan),
    peers: peersOf(checked, own.publicKey),
  }
}

/** A block of addresses and the peer that wants it. */
interface Claim extends Block {
  readonly cidr: Cidr
  readonly owner: PublicKey
}

/** What a planned peer comes to, within these ranges. */
interface Checked {
  readonly ranges: string
  readonly peer: Peer
  readonly claims: readonly Claim[]
}

/** Most peers of a plan are the very objects of the plan before, and are not worked out again. */
const known = new WeakMap<PlannedPeer, Checked>()

function check(planned: PlannedPeer, ranges: readonly Cidr[], blocks: readonly Block[]): Checked {
  const text = ranges.join()
  const before = known.get(planned)
  if (before?.ranges === text) return before
  const { publicKey, allowedIps, endpoint, keepalive } = planned
  const claims = allowedIps.map((cidr) => ({ ...mustBeInside(blocks, cidr), cidr, owner: publicKey }))
  const peer = { publicKey, allowedIps: [...new Set(allowedIps)].sort(), endpoint, keepalive }
  const checked = { ranges: text, peer, claims }
  known.set(planned, checked)
  return checked
}

function mustBeInside(ranges: readonly Block[], cidr: Cidr): Block {
  const block = toBlock(cidr)
  if (ranges.some((range) => covers(range, block))) return block
  throw refusal(`${cidr} is outside the ranges of the network.`)
}

function covers(outer: Block, inner: Block): boolean {
  return (
    outer.family === inner.family &&
    outer.prefixLength <= inner.prefixLength &&
    (outer.first ^ inner.first) >> hostBits(outer) === 0n
  )
}

/** In this order a block comes right before all that it covers, so comparing with the last outermost one is enough. */
function mustBeDisjoint(claims: Claim[]): void {
  claims.sort(
    (a, b) =>
      a.family - b.family ||
      Number(a.first > b.first) - Number(a.first < b.first) ||
      a.prefixLength - b.prefixLength,
  )
  let outermost: Claim | undefined
  for (const claim of claims) {
    if (!outermost || !covers(outermost, claim)) outermost = claim
    else if (outermost.owner !== claim.owner) {
      throw refusal(
        `The allowed IPs ${outermost.cidr} of ${outermost.owner} and ${claim.cidr} of ${claim.owner} overlap.`,
      )
    }
  }
}

/** A route per range; and one per allowed IP of each peer that the path to is narrower than the interface. */
function routesOf({ ranges, mtu: whole, peers }: NetworkPlan): ReadonlyMap<Cidr, number | undefined> {
  mustBeMtu(whole)
  const routes = new Map<Cidr, number | undefined>(ranges.map((range) => [range, undefined]))
  for (const { mtu = whole, allowedIps } of peers) {
    mustBeMtu(mtu)
    if (mtu < whole) for (const cidr of allowedIps) routes.set(cidr, mtu)
  }
  return routes
}

function mustBeMtu(mtu: number): void {
  if (Number.isInteger(mtu) && mtu >= MTU_MIN) return
  throw refusal(`An MTU is a whole number of ${MTU_MIN} bytes or more, not ${mtu}.`)
}

function peersOf(checked: readonly Checked[], ownKey: PublicKey): ReadonlyMap<PublicKey, Peer> {
  const peers = new Map<PublicKey, Peer>()
  for (const { peer } of checked) {
    const { publicKey } = peer
    if (publicKey === ownKey) throw refusal('It lists the own key of this node as a peer.')
    if (peers.has(publicKey)) throw refusal(`It lists the peer ${publicKey} twice.`)
    peers.set(publicKey, peer)
  }
  return peers
}

function ownAddress(address: Address): InterfaceAddress {
  return hostRange(address) as string as InterfaceAddress
}

function refusal(message: string): WeftError {
  return new WeftError('invalid-input', `The plan cannot be used. ${message}`, {
    field: 'peers',
    advice: 'The interface keeps what it has. This is a fault of the controller; please report it.',
  })
}
