import { memberPlace } from '../../address/allocation.ts'
import type { Member as MemberState, Network } from '../../model/state.ts'
import type { Member } from '../schemas/member.ts'
import { instantText } from './instant.ts'

interface MemberStatus {
  readonly state: Member['state']
  /** UDP port that its agent reported. */
  readonly listenPort: number | undefined
}

/** A member as REST shows it: its place follows from its slot, its status from what its agent last said. */
export function memberView(
  network: Network,
  member: MemberState,
  name: string,
  status: MemberStatus,
): Member {
  return {
    node: member.node,
    name,
    ...memberPlace(network, member.slot),
    publicKey: member.publicKey ?? null,
    listenPort: status.listenPort ?? null,
    state: status.state,
    addedAt: instantText(member.addedAt),
  }
}
