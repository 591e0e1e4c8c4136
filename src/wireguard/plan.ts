import { type Address, type Block, type Cidr, hostRange, toBlock } from '../address/cidr.ts'
import { hostBits } from '../address/number.ts'
import { WeftError } from '../errors.ts'
import type { KeyPair, PublicKey } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import type { DesiredDevice, Endpoint, InterfaceAddress, Peer } from './device.ts'

/** What one node has to have in one network, in the terms of the network. */
export interface NetworkPlan {
  readonly networkId: NetworkId
  /** For people who look at the interface, like `weft demo`. */
  readonly alias: string
  /** All addresses of the network, IPv4 and IPv6; each becomes one route, however many peers there are. */
  readonly ranges: readonly [ipv4: Cidr, ipv6: Cidr]
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
}

/** What the node itself brings to a plan. */
export interface OwnSide extends KeyPair {
  readonly listenPort: number
}

/**
 * The interface that a plan asks for. Throws `invalid-input` for a plan that WireGuard would take without a word and
 * carry out wrongly: a peer twice, the own key as a peer, allowed IPs of two peers that overlap (the later steals them
 * from the earlier), or allowed IPs and addresses outside the network.
 */
export function desiredDevice(plan: NetworkPlan, own: OwnSide): DesiredDevice {
  const ranges = plan.ranges.map(toBlock)
  for (const address of plan.self.addresses) mustBeInside(ranges, hostRange(address))
  mustBeDisjoint(plan.peers.flatMap((peer) => claimsOf(peer, ranges)))
  return {
    privateKey: own.privateKey,
    publicKey: own.publicKey,
    listenPort: own.listenPort,
    mtu: plan.mtu,
    alias: plan.alias,
    addresses: plan.self.addresses.map(ownAddress),
    routes: plan.ranges,
    peers: peersOf(plan, own.publicKey),
  }
}

/** A block of addresses and the peer that wants it. */
interface Claim extends Block {
  readonly cidr: Cidr
  readonly owner: PublicKey
}

function claimsOf(peer: PlannedPeer, ranges: readonly Block[]): Claim[] {
  return peer.allowedIps.map((cidr) => ({ ...mustBeInside(ranges, cidr), cidr, owner: peer.publicKey }))
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

function peersOf(plan: NetworkPlan, ownKey: PublicKey): ReadonlyMap<PublicKey, Peer> {
  const peers = new Map<PublicKey, Peer>()
  for (const { publicKey, allowedIps, endpoint, keepalive } of plan.peers) {
    if (publicKey === ownKey) throw refusal('It lists the own key of this node as a peer.')
    if (peers.has(publicKey)) throw refusal(`It lists the peer ${publicKey} twice.`)
    peers.set(publicKey, { publicKey, allowedIps: [...new Set(allowedIps)].sort(), endpoint, keepalive })
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
