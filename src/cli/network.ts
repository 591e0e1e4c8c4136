import { Command, Option } from 'commander'
import type { Input } from '../client/api.ts'
import type { Network } from '../client/operations.ts'
import { confirm } from './confirm.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { type DryRunOptions, printLinkChanges, withDryRun } from './linkchanges.ts'
import { wholeNumber } from './numbers.ts'
import { fields, print, table } from './output.ts'
import { grantsCommand, shareCommand, unshareCommand } from './sharing.ts'
import { listingCommand, type ShowOptions, show, showingCommand } from './show.ts'
import { waitCommand } from './wait.ts'

/** `weft network create|list|show|wait|delete|share|unshare|grants` */
export function networkCommand(): Command {
  return new Command('network')
    .description('Make, list, show, wait for, share and delete networks.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(waitCommand())
    .addCommand(deleteCommand())
    .addCommand(shareCommand())
    .addCommand(unshareCommand())
    .addCommand(grantsCommand())
}

type NewNetwork = Input<'createNetwork'>['body']

interface CreateOptions extends ClientOptions {
  readonly ipv4?: string
  readonly ipv6?: string
  readonly nodePrefixLength?: number
  readonly topology?: NonNullable<NewNetwork['topology']>
  readonly keyCustody?: NonNullable<NewNetwork['keyCustody']>
}

const EXAMPLES = `
Examples:
  weft network create demo --ipv4 10.9.0.0/16
  weft network create office --topology hub      members reach each other through nodes with the role of a hub
  weft network create places --topology sites    all within a site, and nodes with the role of a gateway between`

function createCommand(): Command {
  return clientCommand('create')
    .description('Make a network; its name is all that is needed.')
    .argument('<name>', 'lower-case letters, digits and inner hyphens')
    .option('--ipv4 <cidr>', 'IPv4 range; else the next free /16 of the pool')
    .option('--ipv6 <cidr>', 'unique local /48; else a random one')
    .option('--node-prefix-length <bits>', "prefix length of each member's IPv4 subnet (24)", wholeNumber)
    .addOption(new Option('--topology <kind>', 'who is whose peer').choices(['mesh', 'hub', 'sites']))
    .addOption(new Option('--key-custody <who>', 'who makes member keys').choices(['controller', 'node']))
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: CreateOptions) => {
      const { ipv4, ipv6, nodePrefixLength, topology, keyCustody } = options
      using client = openClient(options)
      const body = { name, ipv4, ipv6, nodePrefixLength, topology, keyCustody }
      const network = await client.call('createNetwork', { body: body })
      print(options.json, network, () => networkFields(network))
    })
}

type NetworkFilters = NonNullable<Input<'listNetworks'>['query']>

function listCommand(): Command {
  return listingCommand('list', ['name', 'createdAt'])
    .description('List the networks of the project, and those that are shared with it.')
    .option('--name <part>', 'only those whose name contains this')
    .addOption(
      new Option('--topology <kind>', 'only those of this topology').choices(['mesh', 'hub', 'sites']),
    )
    .option('--shared', 'only those of other projects')
    .option('--no-shared', 'none of other projects')
    .action(({ name, topology, shared, sort, ...options }: ShowOptions & NetworkFilters) => {
      const query = { name, topology, shared, sort }
      const row = ({ name, id, topology, ipv4, ipv6, revision }: Network) => [
        name,
        id,
        topology,
        ipv4,
        ipv6,
        String(revision),
      ]
      return show(
        options,
        async (client) => ({ items: await client.list('listNetworks', { query }) }),
        ({ items }) => table(['name', 'id', 'topology', 'ipv4', 'ipv6', 'revision'], items.map(row)),
      )
    })
}

function showCommand(): Command {
  return showingCommand('show')
    .description('Show one network.')
    .argument('<network>', 'id or name')
    .action((network: string, options: ShowOptions) =>
      show(options, (client) => client.call('showNetwork', { path: { network } }), networkFields),
    )
}

interface DeleteOptions extends DryRunOptions {
  readonly yes?: boolean
}

function deleteCommand(): Command {
  return withDryRun(clientCommand('delete'))
    .description('Delete a network with all its members, at once.')
    .argument('<network>', 'id or name')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, options: DeleteOptions) => {
      using client = openClient(options)
      if (options.dryRun) {
        const changes = await client.rehearse('deleteNetwork', { path: { network: name } })
        return await printLinkChanges(client, changes, options.json)
      }
      const network = await client.call('showNetwork', { path: { network: name } })
      await confirm(`Delete the network ${network.name}? Its members lose one another.`, options.yes)
      await client.call('deleteNetwork', { path: { network: network.id }, query: { confirm: network.name } })
    })
}

function networkFields(network: Network): string {
  const { nodePrefixLength, epoch, revision, ...rest } = network
  return fields({
    ...rest,
    nodePrefixLength: `/${nodePrefixLength}`,
    revision: `${revision} (epoch ${epoch})`,
  })
}
