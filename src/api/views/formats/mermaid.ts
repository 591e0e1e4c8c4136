import type { Graph } from '../../schemas/graph.ts'
import { captionOf, nodeCaption } from './caption.ts'

const ARROWS: Readonly<Record<Graph['links'][number]['state'], string>> = {
  up: '---',
  stale: '-.-',
  down: '-.-',
  pending: '-.-',
}

/** The graph as a Mermaid flowchart, which many wikis and code forges draw. */
export function toMermaid({ nodes, links }: Graph): string {
  const places = new Map(nodes.map(({ id }, at) => [id, `n${at}`]))
  const names = new Map(nodes.map(({ id, name }) => [id, name]))
  const vertices = nodes.map((node) => {
    const [open, close] = node.roles.length > 0 ? ['{{', '}}'] : ['(', ')']
    return `  ${places.get(node.id)}${open}"${entities(nodeCaption(node, ' '))}"${close}`
  })
  const edges = links.map(
    (link) =>
      `  ${places.get(link.a)} ${ARROWS[link.state]}|"${entities(captionOf(link, names))}"| ${places.get(link.b)}`,
  )
  return ['flowchart LR', ...vertices, ...edges, ''].join('\n')
}

/** Mermaid knows HTML's numbers for characters, without the ampersand. */
function entities(text: string): string {
  return text.replace(/[^\w .,:()/-]/gu, (character) => `#${character.codePointAt(0)};`)
}
