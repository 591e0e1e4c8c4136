import { type EventOf, known, renew } from './fold.ts'
import { addName, dropName } from './fold-index.ts'
import type { State } from './state.ts'

export function enrolNode(state: State, event: EventOf<'node-enrolled'>): State {
  const { type: _, at: enrolledAt, ...node } = event
  return {
    ...state,
    nodes: state.nodes.set(node.id, { ...node, roles: [], enrolledAt }),
    nodesByName: addName(state.nodesByName, node),
    removedNodes: state.removedNodes.delete(node.id),
  }
}

/** Roles stand in the records of all its memberships, so these change too. */
export function setRoles(state: State, { id, roles }: EventOf<'node-roles-set'>): State {
  const node = known(state.nodes.get(id), id)
  const changed = { ...state, nodes: state.nodes.set(id, { ...node, roles }) }
  return [...(state.networksOfNode.get(id)?.keys() ?? [])].reduce(
    (then, network) => renew(then, network, id),
    changed,
  )
}

/** Its memberships were removed by events before this one. */
export function removeNode(state: State, { id }: EventOf<'node-removed'>): State {
  const node = known(state.nodes.get(id), id)
  return {
    ...state,
    nodes: state.nodes.delete(id),
    nodesByName: dropName(state.nodesByName, node),
    removedNodes: state.removedNodes.set(id, true),
    networksOfNode: state.networksOfNode.delete(id),
  }
}
