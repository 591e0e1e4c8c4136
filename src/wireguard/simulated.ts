import type { Cidr } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import { type PublicKey, publicKeyOf } from '../keys/wireguard.ts'
import type { InterfaceAddress, ObservedDevice, ObservedPeer, PeerChange, Step } from './device.ts'

/** What becomes of an interface by each step, as Linux and WireGuard do it. */
export class SimulatedInterface {
  readonly #takenPorts: ReadonlySet<number>
  readonly #addresses: Set<InterfaceAddress>
  readonly #routes: Map<Cidr, number | undefined>
  readonly #peers: Map<PublicKey, ObservedPeer>
  readonly #owners = new Map<Cidr, PublicKey>()
  #rest: Omit<ObservedDevice, 'addresses' | 'routes' | 'peers'>

  /** @param takenPorts UDP ports that cannot be bound */
  constructor(start: ObservedDevice, takenPorts: ReadonlySet<number> = new Set()) {
    const { addresses, routes, peers, ...rest } = start
    this.#takenPorts = takenPorts
    this.#addresses = new Set(addresses)
    this.#routes = new Map(routes)
    this.#peers = new Map(peers)
    this.#rest = rest
    for (const { publicKey, allowedIps } of peers.values()) this.#own(publicKey, allowedIps)
  }

  observe(): ObservedDevice {
    return {
      ...this.#rest,
      addresses: [...this.#addresses],
      routes: new Map(this.#routes),
      peers: new Map(this.#peers),
    }
  }

  /** `observe`, but of these peers and routes only. */
  observePart(peers: Iterable<PublicKey>, routes: Iterable<Cidr>): ObservedDevice {
    return {
      ...this.#rest,
      addresses: [...this.#addresses],
      routes: part(this.#routes, routes),
      peers: part(this.#peers, peers),
    }
  }

  /** Throws `port-taken`, `already-exists`, or `program-failed` where a tool would refuse. */
  take(step: Step): void {
    switch (step.kind) {
      case 'set-peer':
        this.#setPeer(step.peer)
        break
      case 'remove-peer':
        this.#own(step.publicKey, [])
        this.#peers.delete(step.publicKey)
        break
      case 'add-address':
        mustBeAbsent(this.#addresses, step.address)
        this.#addresses.add(step.address)
        break
      case 'remove-address':
        remove(this.#addresses, step.address)
        break
      case 'add-route':
        if (!this.#rest.up) throw refusal('The network is down.')
        if (!step.replaces) mustBeAbsent(this.#routes, step.route)
        this.#routes.set(step.route, step.mtu)
        break
      case 'remove-route':
        remove(this.#routes, step.route)
        break
      default:
        this.#rest = { ...this.#rest, ...this.#setting(step) }
    }
  }

  #setting(
    step: Extract<Step, { kind: `set-${'key' | 'port' | 'mtu' | 'alias' | 'up'}` }>,
  ): Partial<ObservedDevice> {
    switch (step.kind) {
      case 'set-key':
        return { publicKey: publicKeyOf(step.privateKey) }
      case 'set-port':
        if (this.#rest.up) this.#bind(step.listenPort)
        return { listenPort: step.listenPort }
      case 'set-mtu':
        return { mtu: step.mtu }
      case 'set-alias':
        return { alias: step.alias }
      case 'set-up':
        this.#bind(this.#rest.listenPort)
        return { up: true }
    }
  }

  #bind(port: number): void {
    if (this.#takenPorts.has(port)) {
      throw new WeftError('port-taken', `Another program uses the UDP port ${port}.`)
    }
  }

  #setPeer({ publicKey, endpoint, allowedIps, keepalive, removePresharedKey }: PeerChange): void {
    const have = this.#peers.get(publicKey) ?? NEW_PEER
    if (allowedIps) this.#own(publicKey, allowedIps)
    this.#peers.set(publicKey, {
      publicKey,
      endpoint: endpoint ?? have.endpoint,
      allowedIps: allowedIps ?? have.allowedIps,
      keepalive: keepalive ?? have.keepalive,
      latestHandshake: have.latestHandshake,
      rxBytes: have.rxBytes,
      txBytes: have.txBytes,
      hasPresharedKey: have.hasPresharedKey && !removePresharedKey,
    })
  }

  /** Gives a peer these allowed IPs and no others. Who had one of them loses it without a word, as in WireGuard. */
  #own(publicKey: PublicKey, allowedIps: readonly Cidr[]): void {
    for (const cidr of this.#peers.get(publicKey)?.allowedIps ?? []) this.#owners.delete(cidr)
    for (const cidr of allowedIps) {
      const owner = this.#owners.get(cidr)
      if (owner !== undefined) this.#lose(owner, cidr)
      this.#owners.set(cidr, publicKey)
    }
  }

  #lose(publicKey: PublicKey, cidr: Cidr): void {
    const peer = this.#peers.get(publicKey)
    if (!peer) return
    this.#peers.set(publicKey, { ...peer, allowedIps: peer.allowedIps.filter((one) => one !== cidr) })
  }
}

const NEW_PEER: Omit<ObservedPeer, 'publicKey'> = Object.freeze({
  endpoint: undefined,
  allowedIps: [],
  keepalive: 0,
  latestHandshake: 0,
  rxBytes: 0,
  txBytes: 0,
  hasPresharedKey: false,
})

/** The entries of `whole` with these keys. */
export function part<Key, Value>(whole: ReadonlyMap<Key, Value>, keys: Iterable<Key>): Map<Key, Value> {
  const found = new Map<Key, Value>()
  for (const key of keys) {
    const value = whole.get(key)
    if (value !== undefined || whole.has(key)) found.set(key, value as Value)
  }
  return found
}

interface Keyed<Item> {
  has(item: Item): boolean
  delete(item: Item): boolean
}

function mustBeAbsent<Item>(items: Keyed<Item>, item: Item): void {
  if (items.has(item)) throw new WeftError('already-exists', `${item} is there already.`)
}

function remove<Item>(items: Keyed<Item>, item: Item): void {
  if (!items.delete(item)) throw refusal(`${item} is not there.`)
}

function refusal(message: string): WeftError {
  return new WeftError('program-failed', message)
}
