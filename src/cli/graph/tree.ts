import type { Graph } from '../../client/operations.ts'
import { printable } from '../printable.ts'

type Link = Graph['links'][number]

/** Each member with its links below it, so that one can be read without looking for its name in pairs. */
export function graphTree({ nodes, links }: Graph, names: ReadonlyMap<string, string>): string {
  const linksOf = new Map<string, Link[]>(nodes.map(({ id }) => [id, []]))
  for (const link of links) for (const end of [link.a, link.b]) linksOf.get(end)?.push(link)
  const blocks = nodes
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map((node) => {
      const roles = node.roles.length > 0 ? `, ${node.roles.join(', ')}` : ''
      const title = `${node.name} (${node.online ? 'online' : 'offline'}${roles}) ${node.ipv4} ${node.ipv6}`
      return branches(title, (linksOf.get(node.id) ?? []).map((link) => leaf(link, node.id, names)).sort())
    })
  return blocks.join('')
}

function branches(title: string, leaves: readonly string[]): string {
  const lines = leaves.map((text, at) => `${at === leaves.length - 1 ? '└─' : '├─'} ${text}`)
  return [title, ...lines].map((line) => `${printable(line)}\n`).join('')
}

function leaf(link: Link, own: string, names: ReadonlyMap<string, string>): string {
  const other = link.a === own ? link.b : link.a
  const via = link.via === null ? '' : ` via ${names.get(link.via) ?? link.via}`
  const age = link.handshakeAgeSeconds === null ? '' : `, handshake ${link.handshakeAgeSeconds} s ago`
  return `${names.get(other) ?? other}: ${link.state}, ${link.path}${via}${age}`
}
