import type { NodeId } from '../../keys/identity.ts'
import type { Network, State } from '../../model/state.ts'
import { linkageOf } from '../../topology/policy/linkage.ts'
import { NOBODY, Regime } from '../../topology/policy/regime.ts'

/** Two members that are no peers, and why: the policy forbids it, or others carry what they say. */
export interface ApartPair {
  readonly a: NodeId
  readonly b: NodeId
  readonly why: 'forbidden' | 'carried'
}

/** Members whose pairs are gone through, and pairs that are told: of more nobody can make out a line. */
const MOST_MEMBERS = 400
const MOST_PAIRS = 5_000

/** The pairs among some members, sorted by id, that no link joins. None when these are too many to be drawn. */
export function apartPairs(
  network: Network,
  state: State,
  members: readonly { readonly id: NodeId }[],
): ApartPair[] {
  if (members.length > MOST_MEMBERS) return []
  const regime = new Regime(network)
  if (network.topology === 'mesh' && regime.isUniform) return []
  const { areLinked } = linkageOf(network, state)
  const classes = members.map(({ id }) => {
    const node = state.nodes.get(id)
    return [id, node ? regime.classOf(node) : NOBODY] as const
  })
  const apart: ApartPair[] = []
  for (const [at, [a, classOfA]] of classes.entries()) {
    for (const [b, classOfB] of classes.slice(at + 1)) {
      if (areLinked(a, b)) continue
      apart.push({ a, b, why: regime.sees(classOfA, classOfB) ? 'carried' : 'forbidden' })
      if (apart.length >= MOST_PAIRS) return apart
    }
  }
  return apart
}
