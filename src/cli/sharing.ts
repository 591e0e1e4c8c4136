import type { Command } from 'commander'
import { confirm } from './confirm.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { print, table } from './output.ts'

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

interface UnshareOptions extends ClientOptions {
  readonly yes?: boolean
}

/** `weft network unshare` */
export function unshareCommand(): Command {
  return clientCommand('unshare')
    .description('Share a network no longer: nodes of the other project leave it at once.')
    .argument('<network>', 'id or name')
    .argument('<other>', 'id of the other project; with a global token, its name too')
    .option('-y, --yes', 'do not ask')
    .action(async (network: string, other: string, options: UnshareOptions) => {
      using client = openClient(options)
      await confirm(`Take all nodes of project ${other} out of ${network}?`, options.yes)
      await client.call('unshareNetwork', { path: { network, project: other } })
    })
}

/** `weft network grants` */
export function grantsCommand(): Command {
  return clientCommand('grants')
    .description('List the projects with which a network is shared.')
    .argument('<network>', 'id or name')
    .action(async (network: string, options: ClientOptions) => {
      using client = openClient(options)
      const items = await client.list('listGrants', { path: { network } })
      print(options.json, { items }, () =>
        table(
          ['project'],
          items.map(({ project }) => [project]),
        ),
      )
    })
}
