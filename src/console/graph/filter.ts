import type { GraphLink, GraphNode, View } from './view.ts'

type Filter = Pick<View, 'search' | 'states' | 'paths' | 'label' | 'lagging'>

/** Whether a view leaves out anything at all. */
export function isFiltering({ search, states, paths, label, lagging }: Filter): boolean {
  return search !== '' || states.length > 0 || paths.length > 0 || label !== '' || lagging
}

/** Whether a member is what somebody looks for: by name, id, address or label, and by how far it is. */
export function nodeMatches(node: GraphNode, { search, label, lagging }: Filter): boolean {
  if (lagging && node.appliedRevision >= node.desiredRevision) return false
  return hasLabel(node, label) && holds(node, search.trim().toLowerCase())
}

/** Whether a link is, by its state and path. No state and no path chosen means all of them. */
export function linkMatches({ state, path }: GraphLink, { states, paths }: Filter): boolean {
  return (states.length === 0 || states.includes(state)) && (paths.length === 0 || paths.includes(path))
}

function holds({ id, name, ipv4, ipv6, roles, labels }: GraphNode, text: string): boolean {
  if (text === '') return true
  const words = [
    name,
    id,
    ipv4,
    ipv6,
    ...roles,
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
  ]
  return words.some((word) => word.toLowerCase().includes(text))
}

function hasLabel({ labels }: GraphNode, wanted: string): boolean {
  if (wanted === '') return true
  const at = wanted.indexOf('=')
  const key = at < 0 ? wanted : wanted.slice(0, at)
  if (!Object.hasOwn(labels, key)) return false
  return at < 0 || labels[key] === wanted.slice(at + 1)
}
