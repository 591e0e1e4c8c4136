import type { NodeId } from '../../keys/identity.ts'
import { fingerprintOf } from '../../keys/pinned.ts'
import { publicKeyBytes } from '../../keys/wireguard.ts'
import type { Network } from '../../model/state.ts'
import type { Viewer } from '../sight.ts'
import { type GraphNode, type GraphTools, graphNode } from './graph.ts'
import type { History, NetworkChange } from './history.ts'
import { type LinkStatus, linkStatus } from './links.ts'
import { Lookout } from './lookout.ts'
import type { Traffic, TrafficLevel } from './traffic.ts'

/** One end of a link. */
export interface LinkEnd extends GraphNode {
  /** SHA-256 of its WireGuard public key; undefined until it has one. */
  readonly keyFingerprint: string | undefined
  /** Where the other end is reached, as this end's interface has it. */
  readonly endpoint: string | undefined
  /** Why its agent could not apply what is wanted. */
  readonly refused: string | undefined
}

export interface LinkDetail extends LinkStatus {
  readonly ends: readonly [LinkEnd, LinkEnd]
  readonly traffic: readonly TrafficLevel[]
  /** What changed last at one of the two. */
  readonly lastChange: NetworkChange | undefined
}

export interface LinkTools extends GraphTools {
  readonly traffic: Traffic
  readonly history: History
  readonly viewer: Viewer
}

/** All that is known of the link of two members. */
export async function linkDetail(
  network: Network,
  [a, b]: readonly [NodeId, NodeId],
  tools: LinkTools,
): Promise<LinkDetail> {
  const { members } = network
  const revision = Math.max(members.get(a)?.revision ?? 0, members.get(b)?.revision ?? 0)
  return {
    ...linkStatus(new Lookout(network, tools), a, b),
    ends: [endOf(network, a, b, tools), endOf(network, b, a, tools)],
    traffic: tools.traffic.of(network.id, a, b, tools.now),
    lastChange: await tools.history.changeOf(network.id, revision, tools.viewer),
  }
}

function endOf(network: Network, own: NodeId, other: NodeId, tools: LinkTools): LinkEnd {
  const member = network.members.get(own)
  if (!member) throw new TypeError(`${own} is no member`)
  const standing = tools.presence.standing(own, network.id)
  return {
    ...graphNode(network, member, tools),
    keyFingerprint: member.publicKey && fingerprintOf(publicKeyBytes(member.publicKey)),
    endpoint: standing.peers.get(other)?.endpoint,
    refused: standing.refused?.reason,
  }
}
