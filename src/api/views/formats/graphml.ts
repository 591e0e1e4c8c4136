import type { Graph } from '../../schemas/graph.ts'
import { xmlText } from './xml.ts'

const NODE_KEYS = ['name', 'online', 'state', 'roles', 'ipv4', 'ipv6', 'appliedRevision'] as const
const LINK_KEYS = ['path', 'via', 'state', 'handshakeAgeSeconds', 'rxBytes', 'txBytes', 'reason'] as const

const NUMBERS: ReadonlySet<string> = new Set(['appliedRevision', 'handshakeAgeSeconds', 'rxBytes', 'txBytes'])

/** The graph as GraphML (http://graphml.graphdrawing.org), which Gephi, yEd, Cytoscape and NetworkX read. */
export function toGraphml({ network, nodes, links }: Graph): string {
  const vertices = nodes.map(
    (node) =>
      `    <node id="${xmlText(node.id)}">${NODE_KEYS.map((key) => data(key, node[key])).join('')}</node>`,
  )
  const edges = links.map(
    (link) =>
      `    <edge source="${xmlText(link.a)}" target="${xmlText(link.b)}">${LINK_KEYS.map((key) => data(edgeKey(key), link[key])).join('')}</edge>`,
  )
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    ...declarations('node', NODE_KEYS),
    ...declarations('edge', LINK_KEYS),
    `  <graph id="${xmlText(network)}" edgedefault="undirected">`,
    ...vertices,
    ...edges,
    '  </graph>',
    '</graphml>',
    '',
  ].join('\n')
}

/** A key stands for nodes or for edges, so those that both have need a name for each. */
function declarations(domain: 'node' | 'edge', keys: readonly string[]): string[] {
  return keys.map((key) => {
    const type = NUMBERS.has(key) ? 'long' : key === 'online' ? 'boolean' : 'string'
    const id = domain === 'edge' ? edgeKey(key) : key
    return `  <key id="${id}" for="${domain}" attr.name="${key}" attr.type="${type}"/>`
  })
}

function edgeKey(key: string): string {
  return key === 'state' ? 'linkState' : key
}

function data(key: string, value: string | number | boolean | readonly string[] | null): string {
  if (value === null) return ''
  return `<data key="${key}">${xmlText(Array.isArray(value) ? value.join(' ') : String(value))}</data>`
}
