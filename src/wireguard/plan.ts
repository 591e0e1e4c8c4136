import { type Address, type Cidr, contains, hostRange } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import type { KeyPair, PublicKey } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import { type Claim, claimOf } from './claims.ts'
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
  /** In what `peers`, and nothing else, differs from the plan that was carried out last; absent: in anything. */
  readonly news?: PeerNews | undefined
}

/** Peers as they are to be from now on; undefined for a key that is that of a peer no longer. */
export type PeerNews = ReadonlyMap<PublicKey, PlannedPeer | undefined>

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

/** What all that a plan says is checked against. */
export interface Frame {
  readonly ranges: readonly Cidr[]
  /** `ranges` in one text. */
  readonly rangeText: string
  /** Of the interface, in bytes. */
  readonly mtu: number
  readonly ownKey: PublicKey
}

/** What a planned peer comes to. */
export interface CheckedPeer {
  /** That of the frame which it was checked against. */
  readonly rangeText: string
  readonly peer: Peer
  readonly claims: readonly Claim[]
}

/** All of the interface that a plan asks for but its peers and their routes. Throws `invalid-input`. */
export function bareDevice(plan: NetworkPlan, { privateKey, publicKey, listenPort }: OwnSide) {
  const { ranges } = plan
  for (const address of plan.self.addresses) mustBeInside(ranges, hostRange(address))
  mustBeMtu(plan.mtu)
  const { mtu, alias } = plan
  const addresses = plan.self.addresses.map(ownAddress)
  const device: Omit<DesiredDevice, 'routes' | 'peers'> = {
    ...{ privateKey, publicKey, listenPort, mtu, alias, addresses },
  }
  const frame: Frame = { ranges, rangeText: ranges.join(), mtu, ownKey: publicKey }
  return { device, frame }
}

/** Most peers of a plan are the very objects of the plan before, and are not worked out again. */
const known = new WeakMap<PlannedPeer, CheckedPeer>()

/** Throws `invalid-input` for what no interface of this frame could have as a peer. */
export function checkPeer(planned: PlannedPeer, { ranges, rangeText, mtu, ownKey }: Frame): CheckedPeer {
  const { publicKey, allowedIps, endpoint, keepalive } = planned
  if (publicKey === ownKey) throw refusal('It lists the own key of this node as a peer.')
  mustBeMtu(planned.mtu ?? mtu)
  const before = known.get(planned)
  if (before?.rangeText === rangeText) return before
  for (const cidr of allowedIps) mustBeInside(ranges, cidr)
  const claims = allowedIps.map((cidr) => claimOf(cidr, publicKey))
  const peer = { publicKey, allowedIps: [...new Set(allowedIps)].sort(), endpoint, keepalive }
  const checked = { rangeText, peer, claims }
  known.set(planned, checked)
  return checked
}

function mustBeInside(ranges: readonly Cidr[], cidr: Cidr): void {
  if (ranges.some((range) => contains(range, cidr))) return
  throw refusal(`${cidr} is outside the ranges of the network.`)
}

function mustBeMtu(mtu: number): void {
  if (Number.isInteger(mtu) && mtu >= MTU_MIN) return
  throw refusal(`An MTU is a whole number of ${MTU_MIN} bytes or more, not ${mtu}.`)
}

function ownAddress(address: Address): InterfaceAddress {
  return hostRange(address) as string as InterfaceAddress
}

/** What a plan is refused with. */
export function refusal(message: string): WeftError {
  return new WeftError('invalid-input', `The plan cannot be used. ${message}`, {
    field: 'peers',
    advice: 'The interface keeps what it has. This is a fault of the controller; please report it.',
  })
}
