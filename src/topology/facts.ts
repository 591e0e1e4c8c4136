import type { Address } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'

/** What the engine knows of one member: reported by its node, short-lived, and perhaps nothing at all. */
export interface MemberFacts {
  readonly node: NodeId
  /** Addresses of the node's interfaces, without those of overlays. */
  readonly addresses: readonly Address[]
  /** UDP port its WireGuard interface for this network is bound to; undefined while unknown. */
  readonly listenPort: number | undefined
}
