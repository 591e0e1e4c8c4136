import { WeftError } from '../../errors.ts'
import type { Labels } from '../../model/state.ts'
import type { MemberState } from '../push/standing.ts'

/** How many members there are, and how they are. */
export interface HeadCount {
  readonly all: number
  readonly online: number
  readonly applied: number
  readonly refused: number
}

/** Members with the same value of a label; an empty name is for those without it. */
export interface GraphGroup extends HeadCount {
  readonly name: string
}

interface Head {
  readonly labels: Labels
  readonly online: boolean
  readonly state: MemberState
}

export function countHeads(nodes: readonly Head[]): HeadCount {
  const of = (isIt: (node: Head) => boolean) => nodes.filter(isIt).length
  return {
    all: nodes.length,
    online: of(({ online }) => online),
    applied: of(({ state }) => state === 'applied'),
    refused: of(({ state }) => state === 'refused'),
  }
}

/** The groups that a label makes, by name: a picture of thousands is made of these. */
export function groupsOf(nodes: readonly Head[], by: string): GraphGroup[] {
  const groups = Map.groupBy(nodes, ({ labels }) => groupOf(labels, by))
  return [...groups]
    .map(([name, heads]) => ({ name, ...countHeads(heads) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** The value of a label; empty without it. A label may have the name of anything that objects have. */
export function groupOf(labels: Labels, by: string): string {
  return Object.hasOwn(labels, by) ? (labels[by] ?? '') : ''
}

/** Groups of one picture: their pairs are counted one by one. */
const MOST_GROUPS = 500

/** Throws `invalid-input` when a label has so many values that its groups are no picture. */
export function assertFew(groups: number, by: string): void {
  if (groups <= MOST_GROUPS) return
  throw new WeftError(
    'invalid-input',
    `The label ${by} makes ${groups} groups; ${MOST_GROUPS} can be told.`,
    {
      field: 'by',
      advice: 'Group by a label that many members share.',
    },
  )
}
