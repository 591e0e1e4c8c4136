import type { NodeId } from '../../keys/identity.ts'
import type { Matched } from '../../model/rulebook.ts'
import type { Direction, Explanation } from '../explain.ts'
import type { PathKind } from '../reach.ts'
import type { Caller } from '../reasons.ts'

interface End {
  readonly node: NodeId
  readonly matched: Matched
}

const KINDS: readonly PathKind[] = ['lan', 'direct', 'punched', 'relayed']
const REASON = 'No rule of the policy permits the two to be peers.'

/** Why two members that the policy keeps apart do not reach each other, and what would change that. */
export function explainForbidden(a: End, b: End, nameOf: Caller): Explanation {
  return {
    directions: [direction(a, b), direction(b, a)],
    sentences: [
      `${nameOf(a.node)} to ${nameOf(b.node)}: none. ${REASON}`,
      `${nameOf(b.node)} to ${nameOf(a.node)}: none. ${REASON}`,
      ...[a, b].map(({ node, matched }) => `${nameOf(node)} is selected ${byWhat(matched)}.`),
    ],
    advice: [
      "Add a rule whose 'from' and 'to' select the two, by 'weft policy set', or give them labels that a rule selects, by 'weft node label'.",
    ],
  }
}

function direction({ node: from }: End, { node: to }: End): Direction {
  const rejected = KINDS.map((kind) => ({ kind, reason: REASON }))
  return { from, to, candidates: { taken: [], rejected }, inUse: { kind: 'none', via: undefined } }
}

function byWhat(matched: Matched): string {
  return matched.length === 0 ? 'by no rule but those for *' : `by ${matched.join(' and by ')}`
}
