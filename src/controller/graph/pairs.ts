import type { NodeId } from '../../keys/identity.ts'
import type { Network, State } from '../../model/state.ts'
import { linkageOf } from '../../topology/policy/linkage.ts'
import { Regime } from '../../topology/policy/regime.ts'

export type Pair = readonly [a: NodeId, b: NodeId]

/**
 * The pairs of members that are to be peers of each other: in some topologies others carry what they say,
 * and a policy may keep members apart.
 */
export interface Pairs {
  /** Whether these are all pairs there could be. */
  readonly complete: boolean
  /** Each once, the smaller id first, sorted. */
  all(): Iterable<Pair>
  /** Those of one member. */
  of(node: NodeId): Iterable<Pair>
}

/** Who is to be whose peer in a network. */
export function pairsOf(network: Network, state: State): Pairs {
  const ids = [...network.members.keys()].sort()
  if (network.topology === 'mesh' && new Regime(network).isUniform) return completePairs(ids)
  const { seenBy } = linkageOf(network, state)
  const peersOf = (node: NodeId) => seenBy(node).filter((other) => other !== node)
  return {
    complete: false,
    *all() {
      for (const a of ids) for (const b of peersOf(a).toSorted()) if (a < b) yield [a, b]
    },
    *of(node) {
      for (const other of peersOf(node)) yield pair(node, other)
    },
  }
}

function completePairs(ids: readonly NodeId[]): Pairs {
  return {
    complete: true,
    *all() {
      for (const [at, a] of ids.entries())
        for (let next = at + 1; next < ids.length; next++) yield [a, ids[next] ?? a]
    },
    *of(node) {
      for (const other of ids) if (other !== node) yield pair(node, other)
    },
  }
}

function pair(a: NodeId, b: NodeId): Pair {
  return a < b ? [a, b] : [b, a]
}
