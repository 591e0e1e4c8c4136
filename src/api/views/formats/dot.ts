import type { Graph } from '../../schemas/graph.ts'
import { captionOf, nodeCaption } from './caption.ts'

const STYLES: Readonly<Record<Graph['links'][number]['state'], string>> = {
  up: 'style=solid',
  stale: 'style=dashed, color="#b45309"',
  down: 'style=dotted, color="#b91c1c"',
  pending: 'style=dotted, color="#6b7280"',
}

/** The graph in the language of Graphviz. */
export function toDot({ network, nodes, links }: Graph): string {
  const vertices = nodes.map((node) => {
    const shape = node.roles.length > 0 ? 'box' : 'ellipse'
    return `  ${quote(node.id)} [label=${quote(nodeCaption(node, '\n'))}, shape=${shape}${node.online ? '' : ', style=dashed'}];`
  })
  const names = new Map(nodes.map(({ id, name }) => [id, name]))
  const edges = links.map(
    (link) =>
      `  ${quote(link.a)} -- ${quote(link.b)} [label=${quote(captionOf(link, names))}, ${STYLES[link.state]}];`,
  )
  return [`graph ${quote(network)} {`, ...vertices, ...edges, '}', ''].join('\n')
}

/** Within quotes only these two mean something; a line break is written as one that centres the line. */
function quote(text: string): string {
  const inner = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${inner}"`
}
