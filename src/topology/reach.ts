import type { Family } from '../address/number.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Endpoint } from '../wireguard/device.ts'

/**
 * What the address translation before a node does to its WireGuard port, as two witnesses saw it: `open` (none), `cone` (the
 * same outside port for every destination), `symmetric` (another for each; RFC 4787 section 4.1), `unknown` (not witnessed).
 */
export type Nat = 'open' | 'cone' | 'symmetric' | 'unknown'

/** Where a member of one network can be reached by anybody: facts, distilled so that both ends conclude the same. */
export interface Reach {
  readonly node: NodeId
  /** Families in which the node can send at all. */
  readonly families: readonly Family[]
  /** Its own global addresses with its port for this network, best first. */
  readonly direct: readonly Endpoint[]
  /** Outside endpoint of its IPv4 port, as witnesses saw it; undefined while unknown or not stable. */
  readonly outside: Endpoint | undefined
  readonly nat: Nat
  /** Its place in the transit, by which relays reach it; undefined if it is not there. */
  readonly transit: TransitPlace | undefined
  /** MTU of its underlay, in bytes. */
  readonly mtu: number
}

export interface TransitPlace {
  /** Slot number in the transit network. */
  readonly slot: number
  /** UDP port of its interface for the network in question. */
  readonly port: number
}

/** A relay as an attached node sees it. */
export interface RelayView {
  readonly node: NodeId
  /** Slot of the relay in the transit; its prefix is the /64 of that slot. */
  readonly slot: number
  readonly alive: boolean
  /** Milliseconds, undefined while not measured. */
  readonly rtt: number | undefined
}

export type PathKind = 'lan' | 'direct' | 'punched' | 'relayed'

/** One way to try, from one end's point of view. */
export interface Candidate {
  readonly kind: PathKind
  /** Where to send; undefined: wait for the other end, which can reach us. */
  readonly endpoint: Endpoint | undefined
  /** The relay, for `relayed`. */
  readonly via: NodeId | undefined
  /** Seconds; 0 where no address translation has to be kept open. */
  readonly keepalive: number
  /** Of packets inside the tunnel, in bytes. */
  readonly mtu: number
}

/** A kind of path and why it is not, or not first, among the candidates. */
export interface Rejection {
  readonly kind: PathKind
  readonly reason: string
}

export interface Candidates {
  /** Best first; empty: the two cannot reach each other, and the rejections say why. */
  readonly taken: readonly Candidate[]
  readonly rejected: readonly Rejection[]
}
