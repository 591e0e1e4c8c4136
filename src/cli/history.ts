import type { Command } from 'commander'
import type { Input } from '../client/api.ts'
import type { Change } from '../client/operations.ts'
import type { Client } from './client.ts'
import { type EntryFilters, entryQuery, withEntryFilters } from './entryfilters.ts'
import { wholeNumber } from './numbers.ts'
import { table } from './output.ts'
import { listingCommand, type ShowOptions, show } from './show.ts'

interface HistoryOptions extends ShowOptions, EntryFilters {
  readonly limit: number
  readonly sort?: NonNullable<NonNullable<Input<'listHistory'>['query']>['sort']>
}

const EXAMPLES = `
Examples:
  weft history demo
  weft history demo --limit 200 --json
  weft history demo --actor billing --action member-removed --since 1d
  weft graph demo --revision 3         the network as it was then

Who did what in all networks, with before and after: weft audit`

/** `weft history` */
export function historyCommand(): Command {
  return withEntryFilters(listingCommand('history', ['-revision']))
    .description('Show what changed in a network.')
    .argument('<network>', 'id or name')
    .option('--limit <count>', 'most changes', wholeNumber, 20)
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

/** Pages may be shorter than what is asked for, so it takes as many as it needs. */
async function changesOf(client: Client, network: string, options: HistoryOptions): Promise<Change[]> {
  const { limit: count, sort } = options
  const items: Change[] = []
  for (let cursor: string | undefined; items.length < count; ) {
    const query = { ...entryQuery(options), limit: Math.min(PAGE, count - items.length), cursor, sort }
    const page = await client.call('listHistory', { path: { network }, query })
    items.push(...page.items)
    cursor = page.next
    if (cursor === undefined) break
  }
  return items
}
