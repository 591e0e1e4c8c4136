import { memberPlace } from '../../address/allocation.ts'
import { prefixLengthOf } from '../../address/cidr.ts'
import { type Member, type Network, type Node, SITE_LABEL } from '../../model/state.ts'
import { type Group, NO_GROUP } from '../../protocol/group.ts'
import type { MemberRecord } from '../../protocol/record.ts'

/** What others are told of a member; nothing while it has no key. @param group for their filters */
export function recordOf(
  network: Network,
  member: Member,
  node: Node,
  group: Group = NO_GROUP,
): MemberRecord | undefined {
  if (!member.publicKey) return undefined
  const place = memberPlace(network, member.slot)
  return {
    node: member.node,
    publicKey: member.publicKey,
    keyVersion: member.keyVersion,
    ipv4: place.ipv4,
    ipv4PrefixLength: prefixLengthOf(place.subnetIpv4),
    ipv6: place.ipv6,
    ipv6PrefixLength: prefixLengthOf(place.subnetIpv6),
    revision: member.revision,
    roles: node.roles,
    site: node.labels[SITE_LABEL] ?? '',
    group,
  }
}
