import type { Address } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { WitnessedMember, WitnessList } from '../protocol/content.ts'
import { readAddress } from '../topology/endpoint.ts'
import type { RelayView } from '../topology/reach.ts'
import type { Health } from './probe.ts'
import type { Transit } from './transit.ts'

/** What all networks of this node share: the transit, and how its relays do. */
export class Surroundings {
  #transit: Transit | undefined
  #health: ReadonlyMap<NodeId, Health> = new Map()
  readonly #witnessed = new Map<PublicKey, WitnessedMember>()
  #views: readonly RelayView[] = []
  #addresses: ReadonlySet<Address> = new Set()

  get transit(): Transit | undefined {
    return this.#transit
  }

  /** Members that this node, a relay, is a witness of, by their keys. */
  get witnessed(): ReadonlyMap<PublicKey, WitnessedMember> {
    return this.#witnessed
  }

  takeWitnesses({ whole, added, removed }: WitnessList): void {
    if (whole) this.#witnessed.clear()
    for (const publicKey of removed) this.#witnessed.delete(publicKey)
    for (const member of added) this.#witnessed.set(member.publicKey, member)
  }

  /** All relays, as this node sees them; the same object until something about them changes. */
  get relays(): readonly RelayView[] {
    return this.#views
  }

  /** Relays that do not answer. */
  get deadRelays(): ReadonlySet<NodeId> {
    return new Set(this.#views.filter(({ alive }) => !alive).map(({ node }) => node))
  }

  /** Addresses of this machine, without those of tunnels; the same object until they change. */
  get addresses(): ReadonlySet<Address> {
    return this.#addresses
  }

  /** @param addresses with their prefix lengths, `192.168.1.2/24` */
  setAddresses(addresses: readonly string[]): void {
    const all = addresses.map((address) => readAddress(address.replace(/\/\d+$/, '')))
    const plain = new Set(all.filter((address) => address !== undefined))
    if ([...plain].join() !== [...this.#addresses].join()) this.#addresses = plain
  }

  setTransit(transit: Transit | undefined): void {
    this.#transit = transit
    this.#renew()
  }

  setHealth(health: ReadonlyMap<NodeId, Health>): void {
    this.#health = health
    this.#renew()
  }

  /** A relay that nobody has heard of yet is given the benefit of the doubt: it costs one try. */
  #renew(): void {
    const views = (this.#transit?.relays ?? []).map(({ node, slot }): RelayView => {
      const { alive = true, rtt } = this.#health.get(node) ?? {}
      return { node, slot, alive, rtt }
    })
    if (JSON.stringify(views) !== JSON.stringify(this.#views)) this.#views = views
  }
}
