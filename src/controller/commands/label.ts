import { WeftError } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { Labels, State } from '../../model/state.ts'
import type { Decision } from '../tools.ts'

/** More than anybody needs, and few enough to be shown. */
export const MOST_LABELS = 32

/** Decides the labels of a node: those given are set, those given as null taken away, all others stay (RFC 7396). */
export function changeLabels(
  state: State,
  id: NodeId,
  changes: Readonly<Record<string, string | null>>,
): Decision<NodeId> {
  const before = state.nodes.get(id)?.labels ?? {}
  const labels = merged(before, changes)
  if (Object.keys(labels).length > MOST_LABELS) {
    throw new WeftError('invalid-input', `A node has at most ${MOST_LABELS} labels.`, {
      field: 'labels',
      advice: 'Take others away first.',
    })
  }
  const isSame = JSON.stringify(labels) === JSON.stringify(merged(before, {}))
  return { events: isSame ? [] : [{ type: 'node-labels-set', id, labels }], result: id }
}

/** In order of the names. */
function merged(labels: Labels, changes: Readonly<Record<string, string | null>>): Labels {
  const all = Object.entries({ ...labels, ...changes }).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null))
}
