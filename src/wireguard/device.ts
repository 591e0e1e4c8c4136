import type { Cidr } from '../address/cidr.ts'
import type { PrivateKey, PublicKey } from '../keys/wireguard.ts'

declare const brand: unique symbol
/** A name we derived ourselves: `^[a-z][a-z0-9]{0,14}$`. The kernel takes far stranger ones; we never do. */
export type InterfaceName = string & { readonly [brand]: 'InterfaceName' }
/** A literal address and UDP port, as `wg` prints it: `192.0.2.1:51820`, `[2001:db8::1]:51820`. Never a host name. */
export type Endpoint = string & { readonly [brand]: 'Endpoint' }
/**
 * An own address with the length of its prefix, as `ip address` takes it. Ours are `10.1.1.1/32` and `fd12::1/128`; one
 * added by hand may also look like `10.1.1.1/24` or `10.1.1.1 peer 10.1.1.2/32`, which no `Cidr` can say.
 */
export type InterfaceAddress = string & { readonly [brand]: 'InterfaceAddress' }

export interface Peer {
  readonly publicKey: PublicKey
  /** Where to send first; WireGuard follows the peer from there on. Absent: wait until the peer speaks. */
  readonly endpoint: Endpoint | undefined
  /** Sorted as text, without repeats. None: a handshake is all that is wanted of it. */
  readonly allowedIps: readonly Cidr[]
  /** Seconds; 0 is off. */
  readonly keepalive: number
}

export interface ObservedPeer extends Peer {
  /** Seconds since 1970 of the last completed handshake; 0 if there was none. */
  readonly latestHandshake: number
  readonly rxBytes: number
  readonly txBytes: number
  /** Whether a preshared key is set; we set none, so one that is there is drift. */
  readonly hasPresharedKey: boolean
}

interface InterfaceShape {
  /** UDP port; 0 until one is bound. */
  readonly listenPort: number
  readonly mtu: number
  /** Own addresses; not those the kernel gives by itself (fe80::/10). */
  readonly addresses: readonly InterfaceAddress[]
  /**
   * Ranges routed into the interface by the main table, not by the kernel itself, each with the MTU in bytes of the path
   * that packets take from there on; undefined where that is the interface's own.
   */
  readonly routes: ReadonlyMap<Cidr, number | undefined>
}

/** What an interface has to be. */
export interface DesiredDevice extends InterfaceShape {
  readonly privateKey: PrivateKey
  readonly publicKey: PublicKey
  /** Shown by `ip link`, so that a person sees which network it is. */
  readonly alias: string
  readonly peers: ReadonlyMap<PublicKey, Peer>
}

/** What an interface is. Never holds the private key: only the public key that the device derived from it. */
export interface ObservedDevice extends InterfaceShape {
  /** Undefined while no private key is set. */
  readonly publicKey: PublicKey | undefined
  readonly alias: string
  readonly up: boolean
  readonly peers: ReadonlyMap<PublicKey, ObservedPeer>
}

/** One change to an interface. Upserts come before removals, so that a rotation leaves no gap. */
export type Step =
  | { readonly kind: 'set-key'; readonly privateKey: PrivateKey }
  | { readonly kind: 'set-port'; readonly listenPort: number }
  | { readonly kind: 'set-mtu'; readonly mtu: number }
  | { readonly kind: 'set-alias'; readonly alias: string }
  | { readonly kind: 'add-address'; readonly address: InterfaceAddress }
  | { readonly kind: 'remove-address'; readonly address: InterfaceAddress }
  | { readonly kind: 'set-up' }
  /** `replaces`: the route is there, with another MTU. */
  | {
      readonly kind: 'add-route'
      readonly route: Cidr
      readonly mtu: number | undefined
      readonly replaces: boolean
    }
  | { readonly kind: 'remove-route'; readonly route: Cidr }
  | { readonly kind: 'set-peer'; readonly peer: PeerChange }
  | { readonly kind: 'remove-peer'; readonly publicKey: PublicKey }

/** Only what differs; an absent field is left as it is. `allowedIps` replaces the whole list. */
export interface PeerChange {
  readonly publicKey: PublicKey
  readonly endpoint?: Endpoint
  readonly allowedIps?: readonly Cidr[]
  readonly keepalive?: number
  readonly removePresharedKey?: true
}

/** One WireGuard interface, wherever it lives. */
export interface Device {
  readonly name: InterfaceName
  /** Rejects with `program-failed` when the interface cannot be read, `not-found` when it is gone. */
  observe(): Promise<ObservedDevice>
  /** Only the peers of `observe`, by a single program run: what a report needs. Rejects like `observe`. */
  observePeers(): Promise<ReadonlyMap<PublicKey, ObservedPeer>>
  /**
   * Takes the steps in order; nothing runs when there are none. Rejects with `port-taken` when the port is used by
   * another, `already-exists` when an address or route is elsewhere, `not-found` when the interface is gone,
   * `unsupported` or `program-failed` otherwise; some steps may then have been taken: observe and diff to see which.
   */
  apply(steps: readonly Step[]): Promise<void>
}

/** Makes, finds and removes interfaces. */
export interface DeviceDriver {
  readonly kind: 'kernel' | 'userspace' | 'memory'
  /** Adopts the interface of this name if there is one (its sessions live on), else makes it, down and empty. */
  open(name: InterfaceName): Promise<Device>
  /** The interfaces of this machine whose names begin with `prefix`. */
  list(prefix: string): Promise<readonly InterfaceName[]>
  /** Removes the interface; removing one that is gone is no error. */
  remove(name: InterfaceName): Promise<void>
}
