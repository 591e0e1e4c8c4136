import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { PeerReport } from '../../protocol/frames.ts'

type Reports = ReadonlyMap<NodeId, PeerReport>

/**
 * Puts what members report of their peers into what they reported before. A report has what changed, and costs that much,
 * however many peers there are: after a join everybody reports one.
 */
export class PeerReports {
  /** By network, how often a member was taken out. */
  readonly #removals = new Map<NetworkId, number>()
  /** How often that was when members without a place were last taken out of these reports; here are those made here. */
  readonly #prunedAt = new WeakMap<Map<NodeId, PeerReport>, number>()

  /** A member of this network was taken out: nobody's report of it counts any more. */
  removed(network: NetworkId): void {
    this.#removals.set(network, this.#removedFrom(network) + 1)
  }

  /** The reports with `fresh` in them: `known` itself, where it was made here. */
  add(
    network: NetworkId,
    known: Reports,
    fresh: readonly PeerReport[],
    isMember: (node: NodeId) => boolean,
  ): Reports {
    const reports = this.#own(known)
    for (const peer of fresh) reports.set(peer.node as NodeId, peer)
    if (this.#prunedAt.get(reports) !== this.#removedFrom(network))
      for (const node of reports.keys()) if (!isMember(node)) reports.delete(node)
    this.#prunedAt.set(reports, this.#removedFrom(network))
    return reports
  }

  /** Those of another replica, or of a test, are not ours to change. */
  #own(known: Reports): Map<NodeId, PeerReport> {
    return known instanceof Map && this.#prunedAt.has(known) ? known : new Map(known)
  }

  #removedFrom(network: NetworkId): number {
    return this.#removals.get(network) ?? 0
  }
}
