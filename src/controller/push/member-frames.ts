import type { NodeId } from '../../keys/identity.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Member, Network, State } from '../../model/state.ts'
import { signRemoval, signSelf } from '../../protocol/content.ts'
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

/**
 * Tells a node that it is no member, as of a revision, which is the network's present one if none is given; of a network that
 * is gone, for ever.
 */
export function removedFrame(
  state: State,
  { network, node, revision }: { network: NetworkId; node: NodeId; revision?: number | undefined },
  signing: SigningKey,
): ControllerFrameOf<'removed'> {
  const present = state.networks.get(network)?.revision ?? Number.MAX_SAFE_INTEGER
  const removal = { network, node, epoch: state.epoch, revision: revision ?? present }
  return { type: 'removed', ...signRemoval(removal, signing) }
}
