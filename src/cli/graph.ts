import { type Command, Option } from 'commander'
import { toDot } from '../api/views/formats/dot.ts'
import { toGraphml } from '../api/views/formats/graphml.ts'
import { toMermaid } from '../api/views/formats/mermaid.ts'
import { toSvg } from '../api/views/formats/svg.ts'
import type { Graph } from '../client/operations.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { graphTree } from './graph/tree.ts'
import { nodeNames } from './names.ts'
import { wholeNumber } from './numbers.ts'
import { orDash, print, table } from './output.ts'

type Names = ReadonlyMap<string, string>
type Writer = (graph: Graph, names: Names) => string

/** What can be made of a graph, by the names of `--format`. */
const WRITERS: Readonly<Record<string, Writer>> = {
  table: (graph, names) => `${nodeTable(graph)}\n${linkTable(graph, names)}`,
  tree: graphTree,
  dot: toDot,
  mermaid: toMermaid,
  graphml: toGraphml,
  json: (graph) => `${JSON.stringify(graph, null, 2)}\n`,
  svg: toSvg,
}

const EXAMPLES = `
Examples:
  weft graph demo
  weft graph demo --format tree
  weft graph demo --format svg > demo.svg
  weft graph demo --format dot | dot -Tpdf > demo.pdf
  weft graph demo --revision 3        as it was then

More about one link: weft explain demo web-1 db-1`

interface GraphOptions extends ClientOptions {
  readonly format: string
  readonly revision?: number
}

/** `weft graph` */
export function graphCommand(): Command {
  return clientCommand('graph')
    .description('Show who reaches whom in a network, over what path, and why.')
    .argument('<network>', 'id or name')
    .addOption(
      new Option('--format <format>', 'how to show it').choices(Object.keys(WRITERS)).default('table'),
    )
    .option('--revision <number>', 'as it was at this revision; else as it is now', wholeNumber)
    .addHelpText('after', EXAMPLES)
    .action(async (network: string, options: GraphOptions) => {
      using client = openClient(options)
      const graph = await client.call('showGraph', {
        path: { network },
        query: { revision: options.revision },
      })
      const write = WRITERS[options.format] ?? toDot
      const names = options.json ? new Map() : await nodeNames(client)
      print(options.json, graph, () => write(graph, names))
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
function linkTable({ links }: Graph, names: Names): string {
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
