import type { SigningKey } from '../../keys/signature.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Member, Network, State } from '../../model/state.ts'
import { type Point, type Removal, signRemoval, signSelf } from '../../protocol/content.ts'
import type { ControllerFrameOf } from '../../protocol/frames.ts'
import { recordOf } from './record-of.ts'

/** What a member is told of itself and its network; undefined while it has no key. */
export function selfFrame(
  state: State,
  network: Network,
  member: Member,
  signing: SigningKey,
): ControllerFrameOf<'self'> | undefined {
  const node = state.nodes.get(member.node)
  const record = node && recordOf(network, member, node)
  if (!record) return undefined
  const self = {
    network: network.id,
    epoch: state.epoch,
    revision: member.revision,
    name: network.name,
    ipv4Range: network.ipv4,
    ipv6Range: network.ipv6,
    topology: network.topology,
    custody: network.keyCustody,
    record,
  }
  const signed = signSelf(self, signing)
  const { sealedKey } = member
  return sealedKey ? { type: 'self', ...signed, sealedKey } : { type: 'self', ...signed }
}

/** Tells a node that it is no member, as of a revision. */
export function removedFrame(removal: Removal, signing: SigningKey): ControllerFrameOf<'removed'> {
  return { type: 'removed', ...signRemoval(removal, signing) }
}

/** As of when a node is told that leaves a network now; one that is gone is left for ever. */
export function leavingPoint({ epoch, networks }: State, network: NetworkId): Point {
  return { epoch, revision: networks.get(network)?.revision ?? Number.MAX_SAFE_INTEGER }
}
