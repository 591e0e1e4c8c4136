import type { Command } from 'commander'
import type { Input } from '../client/api.ts'
import { confirm } from './confirm.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { type DryRunOptions, printLinkChanges, withDryRun } from './linkchanges.ts'
import { print, table } from './output.ts'
import { listingCommand, type ShowOptions, show } from './show.ts'

/** `weft network share` */
export function shareCommand(): Command {
  return clientCommand('share')
    .description('Let nodes of another project be members of a network.')
    .argument('<network>', 'id or name')
    .argument('<other>', 'id of the other project; with a global token, its name too')
    .action(async (network: string, other: string, options: ClientOptions) => {
      using client = openClient(options)
      const grant = await client.call('shareNetwork', { path: { network, project: other } })
      print(options.json, grant, () => `Project ${grant.project} sees the network now as ${grant.network}.\n`)
    })
}

interface UnshareOptions extends DryRunOptions {
  readonly yes?: boolean
}

/** `weft network unshare` */
export function unshareCommand(): Command {
  return withDryRun(clientCommand('unshare'))
    .description('Share a network no longer: nodes of the other project leave it at once.')
    .argument('<network>', 'id or name')
    .argument('<other>', 'id of the other project; with a global token, its name too')
    .option('-y, --yes', 'do not ask')
    .action(async (network: string, other: string, options: UnshareOptions) => {
      using client = openClient(options)
      const path = { network, project: other }
      if (options.dryRun)
        return await printLinkChanges(client, await client.rehearse('unshareNetwork', { path }), options.json)
      const { id, name } = await client.call('showNetwork', { path: { network } })
      await confirm(`Take all nodes of project ${other} out of ${name}?`, options.yes)
      await client.call('unshareNetwork', { path: { network: id, project: other }, query: { confirm: name } })
    })
}

type GrantFilters = NonNullable<Input<'listGrants'>['query']>

/** `weft network grants` */
export function grantsCommand(): Command {
  return listingCommand('grants', ['project'])
    .description('List the projects with which a network is shared.')
    .argument('<network>', 'id or name')
    .option('--with <project>', 'only with this one, by its id')
    .action((network: string, { sort, with: other, ...options }: ShowOptions & GrantFilters) =>
      show(
        options,
        async (client) => ({
          items: await client.list('listGrants', { path: { network }, query: { sort, with: other } }),
        }),
        ({ items }) =>
          table(
            ['project'],
            items.map(({ project }) => [project]),
          ),
      ),
    )
}
