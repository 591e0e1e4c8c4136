import type { NodeId } from '../../keys/identity.ts'
import type { ObservedPath } from '../../topology/observed.ts'
import type { Endpoint } from '../../wireguard/device.ts'
import type { Moment } from './rests.ts'

/** What the links of one network have in common during one look, and where they leave what is to be done. */
export interface Scene extends Moment {
  readonly deadRelays: ReadonlySet<NodeId>
  /** What an endpoint of a peer means that was not among its candidates. */
  readonly classify: (peer: NodeId, endpoint: Endpoint) => ObservedPath
  /** Peers whose choice is another, or has to be carried out again. */
  readonly changed: Set<NodeId>
  /** Peers to be made to answer. */
  readonly knocks: Set<NodeId>
}
