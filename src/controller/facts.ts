import { type Address, parseAddress, parseCidr } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { NetworkId } from '../model/names.ts'
import type { Facts } from '../protocol/frames.ts'
import type { LocalAddress } from '../topology/distil.ts'

/** What a node said about itself, in canonical form. */
export interface NodeFacts {
  readonly addresses: readonly LocalAddress[]
  readonly mtu: number
  readonly site: string | undefined
  readonly ports: ReadonlyMap<NetworkId, number>
  readonly relays: readonly RelayFact[]
  readonly device: Facts['device']
  readonly version: string
}

export interface RelayFact {
  readonly node: NodeId
  readonly alive: boolean
  /** Milliseconds. */
  readonly rtt: number | undefined
}
