import { type Command, Option } from 'commander'
import { toDot } from '../api/views/formats/dot.ts'
import { toGraphml } from '../api/views/formats/graphml.ts'
import { toMermaid } from '../api/views/formats/mermaid.ts'
import { toSvg } from '../api/views/formats/svg.ts'
import type { Graph } from '../client/operations.ts'
import { graphTree } from './graph/tree.ts'
import { nodeNames } from './names.ts'
import { wholeNumber } from './numbers.ts'
import { orDash, table } from './output.ts'
import { printable } from './printable.ts'
import { type ShowOptions, show, showingCommand } from './show.ts'

type Names = ReadonlyMap<string, string>
type Writer = (graph: Graph, names: Names) => string

/** What can be made of a graph, by the names of `--format`. */
const WRITERS: Readonly<Record<string, Writer>> = {
  table: (graph, names) =>
    `${nodeTable(graph)}${problemLines(graph)}\n${linkTable(graph, names)}${apartTable(graph, names)}`,
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

interface GraphOptions extends ShowOptions {
  readonly format: string
  readonly revision?: number
  readonly node?: string
  readonly by?: string
  readonly within?: readonly string[]
  readonly links?: number
  readonly apart?: boolean
}

/** `weft graph` */
export function graphCommand(): Command {
  return showingCommand('graph')
    .description('Show who reaches whom in a network, over what path, and why.')
    .argument('<network>', 'id or name')
    .addOption(
      new Option('--format <format>', 'how to show it').choices(Object.keys(WRITERS)).default('table'),
    )
    .option('--revision <number>', 'as it was at this revision; else as it is now', wholeNumber)
    .option('--node <node>', 'only the links of this node')
    .option('--by <label>', 'with groups of members that have the same value of this label (in JSON)')
    .option(
      '--within <group>',
      'with --by: only links within this group and to it; may be given again',
      collect,
    )
    .option('--apart', 'also pairs that no link joins, and why')
    .option('--links <count>', 'most links', wholeNumber)
    .addHelpText('after', EXAMPLES)
    .action((network: string, options: GraphOptions) => {
      const { revision, node, by, within, links, apart } = options
      const input = { path: { network }, query: { revision, node, by, within, links, apart } }
      const write = WRITERS[options.format] ?? toDot
      let names: Names = new Map()
      return show(
        options,
        async (client) => {
          if (!options.json) names = await nodeNames(client)
          return client.call('showGraph', input)
        },
        (graph) => write(graph, names),
      )
    })
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
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

/** What is wrong with nodes, below the table of them. */
function problemLines({ nodes }: Graph): string {
  const problems = nodes.flatMap((node) => node.problems)
  return problems.length === 0 ? '' : `\n${problems.map((text) => `${printable(text)}\n`).join('')}`
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

function apartTable({ apart }: Graph, names: Names): string {
  if (apart.length === 0) return ''
  const rows = apart.map(({ a, b, why }) => [`${names.get(a) ?? a} - ${names.get(b) ?? b}`, why])
  return `\n${table(['no link', 'why'], rows)}`
}
