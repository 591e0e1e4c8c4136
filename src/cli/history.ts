import type { Command } from 'commander'
import type { Change } from '../client/operations.ts'
import type { Client } from './client.ts'
import { wholeNumber } from './numbers.ts'
import { table } from './output.ts'
import { type ShowOptions, show, showingCommand } from './show.ts'

interface HistoryOptions extends ShowOptions {
  readonly limit: number
}

const EXAMPLES = `
Examples:
  weft history demo
  weft history demo --limit 200 --json
  weft graph demo --revision 3         the network as it was then

Who did what in all networks, with before and after: weft audit`

/** `weft history` */
export function historyCommand(): Command {
  return showingCommand('history')
    .description('Show what changed in a network, the latest first.')
    .argument('<network>', 'id or name')
    .option('--limit <count>', 'most changes', wholeNumber, 20)
    .addHelpText('after', EXAMPLES)
    .action((network: string, options: HistoryOptions) =>
      show(
        options,
        async (client) => ({ items: await latest(client, network, options.limit) }),
        ({ items }) =>
          table(
            ['revision', 'when', 'who', 'what'],
            items.map(({ revision, at, actorName, what }) => [
              String(revision),
              at,
              actorName,
              what.join('; '),
            ]),
          ),
      ),
    )
}

const PAGE = 1_000

async function latest(client: Client, network: string, count: number): Promise<Change[]> {
  const items: Change[] = []
  for (let cursor: string | undefined; items.length < count; ) {
    const query = { limit: Math.min(PAGE, count - items.length), cursor }
    const page = await client.call('listHistory', { path: { network }, query })
    items.push(...page.items)
    cursor = page.next
    if (cursor === undefined) break
  }
  return items
}
