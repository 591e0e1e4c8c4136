import type { Graph } from '../../schemas/graph.ts'

/** What stands on a link of an exported picture. @param names of members by id */
export function captionOf(
  { path, via, state }: Graph['links'][number],
  names: ReadonlyMap<string, string>,
): string {
  const way = via === null ? path : `${path} via ${names.get(via) ?? via}`
  return state === 'up' ? way : `${state}, ${way}`
}

export function nodeCaption({ name, roles, ipv4 }: Graph['nodes'][number], lineBreak: string): string {
  return [roles.length > 0 ? `${name} (${roles.join(', ')})` : name, ipv4].join(lineBreak)
}
