import type { Command } from 'commander'
import type { Graph } from '../api/schemas/graph.ts'
import { path } from './client.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { orDash, print, table } from './output.ts'

/** `weft graph` */
export function graphCommand(): Command {
  return clientCommand('graph')
    .description('Show who reaches whom in a network, over what path, and why.')
    .argument('<network>', 'id or name')
    .addHelpText('after', '\nExamples:\n  weft graph demo\n  weft graph demo --json')
    .action(async (network: string, options: ClientOptions) => {
      using client = openClient(options)
      const graph = await client.get<Graph>(path`/v1/networks/${network}/graph`)
      print(options.json, graph, () => `${nodeTable(graph)}\n${linkTable(graph)}`)
    })
}

function nodeTable({ nodes }: Graph): string {
  const rows = nodes.map((node) => [
    node.name,
    node.online ? 'yes' : 'no',
    node.ipv4,
    node.ipv6,
    `${node.appliedRevision}/${node.desiredRevision}`,
  ])
  return table(['node', 'online', 'ipv4', 'ipv6', 'revision'], rows)
}

function linkTable({ nodes, links }: Graph): string {
  const names = new Map(nodes.map(({ id, name }) => [id, name]))
  const rows = links.map((link) => [
    `${names.get(link.a) ?? link.a} - ${names.get(link.b) ?? link.b}`,
    link.state,
    link.path,
    orDash(link.handshakeAgeSeconds),
    String(link.rxBytes),
    String(link.txBytes),
    link.reason,
  ])
  return table(['link', 'state', 'path', 'handshake s', 'rx', 'tx', 'why'], rows)
}
