import type { Command } from 'commander'
import type { Paths } from '../client/operations.ts'
import { nodeNames } from './names.ts'
import { orDash, table } from './output.ts'
import { printable } from './printable.ts'
import { type ShowOptions, show, showingCommand } from './show.ts'

type Direction = Paths['directions'][number]
type Caller = (node: string) => string

const EXAMPLES = `
Examples:
  weft explain demo web-1 db-1
  weft explain demo web-1 db-1 --json

A path is lan (the same LAN), direct (to an address that anybody can reach), punched (through holes in both address
translations), relayed (through a relay, which cannot read what it carries) or none.`

/** `weft explain` */
export function explainCommand(): Command {
  return showingCommand('explain')
    .description('Explain how two members of a network reach each other, and why not better.')
    .argument('<network>', 'id or name')
    .argument('<a>', 'id or name of the node at one end')
    .argument('<b>', 'id or name of the node at the other end')
    .addHelpText('after', EXAMPLES)
    .action((network: string, a: string, b: string, options: ShowOptions) => {
      let names: ReadonlyMap<string, string> = new Map()
      return show(
        options,
        async (client) => {
          if (!options.json) names = await nodeNames(client)
          return client.call('explainPaths', { path: { network }, query: { from: a, to: b } })
        },
        (paths) => explanation(paths, (node) => names.get(node) ?? node),
      )
    })
}

function explanation({ sentences, advice, directions }: Paths, nameOf: Caller): string {
  const [standing, rest] = [sentences.slice(0, directions.length), sentences.slice(directions.length)]
  const isMiss = (text: string) => text.startsWith('Not ')
  const parts = [
    lines(standing),
    lines(directions.flatMap((direction) => limitOf(direction, nameOf))),
    ...directions.map((direction) => candidateTable(direction, nameOf)),
    section('Why not better:', rest.filter(isMiss)),
    section(
      'Also:',
      rest.filter((text) => !isMiss(text)),
    ),
    section('What to do:', advice),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/** What the policy lets one end open to the other, where that is not everything. */
function limitOf({ from, to, opens }: Direction, nameOf: Caller): string[] {
  return opens === 'everything'
    ? []
    : [`${nameOf(from)} may open to ${nameOf(to)}: ${opens}. Replies are let in.`]
}

function candidateTable({ from, to, candidates }: Direction, nameOf: Caller): string {
  const pair = `${nameOf(from)} to ${nameOf(to)}`
  if (candidates.length === 0) return lines([`${pair}: there is nothing to try.`])
  const rows = candidates.map(({ kind, endpoint, via, mtu, keepalive }) => [
    kind,
    endpoint ?? `${nameOf(to)} has to begin`,
    orDash(via && nameOf(via)),
    String(mtu),
    keepalive === 0 ? '-' : `every ${keepalive} s`,
  ])
  const titles = ['path', 'endpoint', 'via', 'mtu', 'keepalive']
  return `${lines([`${pair}, what is tried, best first:`])}${table(titles, rows)}`
}

function section(title: string, sentences: readonly string[]): string {
  return sentences.length === 0 ? '' : lines([title, ...sentences.map((sentence) => `  ${sentence}`)])
}

function lines(sentences: readonly string[]): string {
  return sentences.map((sentence) => `${printable(sentence)}\n`).join('')
}
