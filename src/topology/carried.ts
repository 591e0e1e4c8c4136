import type { NodeId } from '../keys/identity.ts'
import type { Direction, Explanation } from './explain.ts'
import type { Way } from './peers.ts'
import type { PathKind } from './reach.ts'
import type { Caller } from './reasons.ts'
import type { Shape } from './standing.ts'

/** Two members that are no peers of each other, and how packets get from the first to the second. */
export interface Apart {
  readonly from: NodeId
  readonly to: NodeId
  readonly shape: Shape
  readonly way: Way
}

const KINDS: readonly PathKind[] = ['lan', 'direct', 'punched', 'relayed']

/**
 * How members reach each other that the topology does not link: through others, or not at all.
 * @param hops of each link on the way; empty where there is none
 */
export function explainCarried(
  { from, to, shape, way }: Apart,
  hops: readonly Explanation[],
  nameOf: Caller,
): Explanation {
  const reason = `In a network of topology ${shape} the two are no peers of each other.`
  const names = way.hops?.map(nameOf) ?? []
  return {
    directions: [direction(from, to, reason), direction(to, from, reason)],
    sentences: way.hops
      ? [
          `${nameOf(from)} to ${nameOf(to)}: carried by ${names.join(', then ')}, who can read it.`,
          `${nameOf(to)} to ${nameOf(from)}: carried by ${names.toReversed().join(', then ')}, who can read it.`,
          reason,
          ...hops.flatMap(({ sentences }) => sentences.slice(0, 1)),
        ]
      : [
          `${nameOf(from)} to ${nameOf(to)}: no path.`,
          `${nameOf(to)} to ${nameOf(from)}: no path.`,
          way.reason,
        ],
    advice: way.hops ? [...new Set(hops.flatMap(({ advice }) => advice))] : remedies(shape),
  }
}

function direction(from: NodeId, to: NodeId, reason: string): Direction {
  const rejected = KINDS.map((kind) => ({ kind, reason }))
  return { from, to, candidates: { taken: [], rejected }, inUse: { kind: 'none', via: undefined } }
}

function remedies(shape: Shape): readonly string[] {
  if (shape === 'hub') return ["Give a member the role of a hub: 'weft node roles NODE hub'."]
  if (shape === 'sites')
    return ["Give a member of each site the role of a gateway: 'weft node roles NODE gateway'."]
  return []
}
