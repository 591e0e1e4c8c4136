import { type Command, Option } from 'commander'
import type { Change } from '../client/operations.ts'
import type { Client } from './client.ts'
import { wholeNumber } from './numbers.ts'
import { table } from './output.ts'
import { type ShowOptions, show, showingCommand } from './show.ts'

interface HistoryOptions extends ShowOptions {
  readonly limit: number
  readonly sort: Order
}

type Order = '-revision' | 'revision'

const EXAMPLES = `
Examples:
  weft history demo
  weft history demo --limit 200 --json
  weft graph demo --revision 3         the network as it was then

Who did what in all networks, with before and after: weft audit`

/** `weft history` */
export function historyCommand(): Command {
  return showingCommand('history')
    .description('Show what changed in a network.')
    .argument('<network>', 'id or name')
    .option('--limit <count>', 'most changes', wholeNumber, 20)
    .addOption(
      new Option('--sort <order>', 'the latest first, or the oldest')
        .choices(['-revision', 'revision'])
        .default('-revision'),
    )
    .addHelpText('after', EXAMPLES)
    .action((network: string, options: HistoryOptions) =>
      show(
        options,
        async (client) => ({ items: await changesOf(client, network, options) }),
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

async function changesOf(client: Client, network: string, options: HistoryOptions): Promise<Change[]> {
  const { limit: count, sort } = options
  const items: Change[] = []
  for (let cursor: string | undefined; items.length < count; ) {
    const query = { limit: Math.min(PAGE, count - items.length), cursor, sort }
    const page = await client.call('listHistory', { path: { network }, query })
    items.push(...page.items)
    cursor = page.next
    if (cursor === undefined) break
  }
  return items
}
