import type { Cidr } from '../address/cidr.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import { type Claim, Claims } from './claims.ts'
import type { DesiredDevice, Peer } from './device.ts'
import {
  bareDevice,
  type CheckedPeer,
  checkPeer,
  type Frame,
  type NetworkPlan,
  type OwnSide,
  type PeerNews,
  type PlannedPeer,
  refusal,
} from './plan.ts'

/** What of an interface was touched by news. */
export interface Touched {
  /** The peers as they were; undefined for those that were none. */
  readonly before: ReadonlyMap<PublicKey, Peer | undefined>
  readonly routes: ReadonlySet<Cidr>
}

interface Entry {
  readonly planned: PlannedPeer
  readonly checked: CheckedPeer
}

/**
 * The interface that a plan asks for. Throws `invalid-input` for a plan that WireGuard would take without a word and
 * carry out wrongly: a peer twice, the own key as a peer, allowed IPs of two peers that overlap (the later steals them
 * from the earlier), allowed IPs and addresses outside the network, or an MTU too small for IPv6.
 */
export function desiredDevice(plan: NetworkPlan, own: OwnSide): DesiredDevice {
  return new Blueprint(plan, own).device
}

/** `desiredDevice` that is kept up: news of a few peers cost what these peers cost, however many there are. */
export class Blueprint {
  /** Follows the news. */
  readonly device: DesiredDevice
  readonly #frame: Frame
  readonly #ranges: ReadonlySet<Cidr>
  readonly #peers = new Map<PublicKey, Peer>()
  readonly #routes = new Map<Cidr, number | undefined>()
  readonly #entries = new Map<PublicKey, Entry>()
  readonly #claims = new Claims()

  constructor(plan: NetworkPlan, own: OwnSide) {
    const { device, frame } = bareDevice(plan, own)
    this.#frame = frame
    this.#ranges = new Set(plan.ranges)
    this.device = { ...device, routes: this.#routes, peers: this.#peers }
    for (const range of plan.ranges) this.#routes.set(range, undefined)
    const entries = plan.peers.map((planned) => this.#enter(planned))
    // Widest first, so that none is wider than those that are there.
    const claims = entries.flatMap(({ checked }) => checked.claims)
    for (const claim of claims.toSorted((a, b) => a.prefixLength - b.prefixLength)) this.#claim(claim)
  }

  /** Takes in what is new of some peers. Throws what the constructor throws; the blueprint is of no use then. */
  take(news: PeerNews): Touched {
    const before = new Map<PublicKey, Peer | undefined>()
    const routes = new Set<Cidr>()
    for (const publicKey of news.keys()) {
      before.set(publicKey, this.#peers.get(publicKey))
      this.#leave(publicKey, routes)
    }
    for (const planned of news.values()) {
      if (!planned) continue
      const { checked } = this.#enter(planned)
      for (const claim of checked.claims) this.#claim(claim)
      for (const cidr of this.#narrowOnes(planned)) routes.add(cidr)
    }
    return { before, routes }
  }

  #enter(planned: PlannedPeer): Entry {
    const { publicKey } = planned
    if (this.#entries.has(publicKey)) throw refusal(`It lists the peer ${publicKey} twice.`)
    const entry = { planned, checked: checkPeer(planned, this.#frame) }
    this.#entries.set(publicKey, entry)
    this.#peers.set(publicKey, entry.checked.peer)
    for (const cidr of this.#narrowOnes(planned)) this.#routes.set(cidr, planned.mtu)
    return entry
  }

  /** @param routes takes those that go with the peer */
  #leave(publicKey: PublicKey, routes: Set<Cidr>): void {
    const entry = this.#entries.get(publicKey)
    if (!entry) return
    this.#entries.delete(publicKey)
    this.#peers.delete(publicKey)
    for (const claim of entry.checked.claims) this.#claims.remove(claim)
    for (const cidr of this.#narrowOnes(entry.planned)) {
      routes.add(cidr)
      if (this.#ranges.has(cidr)) this.#routes.set(cidr, undefined)
      else this.#routes.delete(cidr)
    }
  }

  #claim(claim: Claim): void {
    const rival = this.#claims.rivalOf(claim)
    if (rival) {
      throw refusal(
        `The allowed IPs ${rival.cidr} of ${rival.owner} and ${claim.cidr} of ${claim.owner} overlap.`,
      )
    }
    this.#claims.put(claim)
  }

  /** There is a route for each range; and one for what belongs to a peer that the path to is narrower than the interface. */
  #narrowOnes({ mtu, allowedIps }: PlannedPeer): readonly Cidr[] {
    return mtu !== undefined && mtu < this.#frame.mtu ? allowedIps : []
  }
}
