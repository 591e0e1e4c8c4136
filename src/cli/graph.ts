import type { Command } from 'commander'
import type { Graph } from '../api/schemas/graph.ts'
import { path } from './client.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { nodeNames } from './names.ts'
import { orDash, print, table } from './output.ts'

const EXAMPLES = `
Examples:
  weft graph demo
  weft graph demo --json

More about one link: weft explain demo web-1 db-1`

/** `weft graph` */
export function graphCommand(): Command {
  return clientCommand('graph')
    .description('Show who reaches whom in a network, over what path, and why.')
    .argument('<network>', 'id or name')
    .addHelpText('after', EXAMPLES)
    .action(async (network: string, options: ClientOptions) => {
      using client = openClient(options)
      const graph = await client.get<Graph>(path`/v1/networks/${network}/graph`)
      const names = options.json ? new Map() : await nodeNames(client)
      print(options.json, graph, () => `${nodeTable(graph)}\n${linkTable(graph, names)}`)
    })
}

function nodeTable({ nodes }: Graph): string {
  const rows = nodes.map((node) => [
    node.name,
    node.online ? 'yes' : 'no',
    orDash(node.roles.join(', ')),
    node.ipv4,
    node.ipv6,
    `${node.appliedRevision}/${node.desiredRevision}`,
  ])
  return table(['node', 'online', 'roles', 'ipv4', 'ipv6', 'revision'], rows)
}

/** @param names of all nodes by id: relays need not be members */
function linkTable({ links }: Graph, names: ReadonlyMap<string, string>): string {
  const rows = links.map((link) => [
    `${names.get(link.a) ?? link.a} - ${names.get(link.b) ?? link.b}`,
    link.state,
    link.via === null ? link.path : `${link.path} via ${names.get(link.via) ?? link.via}`,
    orDash(link.handshakeAgeSeconds),
    String(link.rxBytes),
    String(link.txBytes),
    link.reason,
  ])
  return table(['link', 'state', 'path', 'handshake s', 'rx', 'tx', 'why'], rows)
}
