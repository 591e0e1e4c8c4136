import type { Command } from 'commander'
import type { Link } from '../client/operations.ts'
import { nodeNames } from './names.ts'
import { fields, orDash, table } from './output.ts'
import { type ShowOptions, show, showingCommand } from './show.ts'

const EXAMPLES = `
Examples:
  weft link demo web-1 db-1
  weft link demo web-1 db-1 --watch

Why it takes this path and not a better one: weft explain demo web-1 db-1`

/** `weft link` */
export function linkCommand(): Command {
  return showingCommand('link')
    .description('Show all that is known of the link of two members.')
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
          return client.call('showLink', { path: { network, a, b } })
        },
        (link) => linkText(link, names),
      )
    })
}

function linkText(link: Link, names: ReadonlyMap<string, string>): string {
  const { a, b, state, path, via, reason, handshakeAgeSeconds, lastChange } = link
  const ends = [a, b].map((end) => [
    end.name,
    end.online ? 'yes' : 'no',
    `${end.appliedRevision}/${end.desiredRevision}`,
    orDash(end.endpoint),
    orDash(end.refused),
  ])
  const change = lastChange && `${lastChange.actorName} ${lastChange.what.join('; ')} (${lastChange.at})`
  return [
    fields({
      state,
      path: via === null ? path : `${path} via ${names.get(via) ?? via}`,
      why: reason,
      handshake: handshakeAgeSeconds === null ? '-' : `${handshakeAgeSeconds} s ago`,
      lastChange: orDash(change),
    }),
    table(['end', 'online', 'revision', 'endpoint', 'refused'], ends),
    trafficTable(link),
  ].join('\n')
}

/** The finest stretches, the latest last. */
function trafficTable({ traffic }: Link): string {
  const points = traffic[0]?.points.slice(-10) ?? []
  const rows = points.map(({ at, rxBytes, txBytes }) => [at, String(rxBytes), String(txBytes)])
  return table(['from', 'received', 'sent'], rows)
}
