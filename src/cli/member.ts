import { Command, Option } from 'commander'
import type { Input } from '../client/api.ts'
import type { Member } from '../client/operations.ts'
import type { Client } from './client.ts'
import { confirm } from './confirm.ts'
import { clientCommand, openClient } from './connection.ts'
import { type DryRunOptions, printLinkChanges, withDryRun } from './linkchanges.ts'
import { fields, orDash, print, table } from './output.ts'
import { listingCommand, type ShowOptions, show, showingCommand } from './show.ts'

/** `weft member add|list|show|remove` */
export function memberCommand(): Command {
  return new Command('member')
    .description('Add nodes to a network, list and remove them.')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(removeCommand())
}

function addCommand(): Command {
  return withDryRun(memberOf(clientCommand('add')))
    .description('Add nodes to a network; several all at once, or none.')
    .argument('<node...>', 'ids or names')
    .addHelpText(
      'after',
      '\nExamples:\n  weft member add demo web-1\n  weft member add demo web-1 web-2 db-1',
    )
    .action(async (network: string, nodes: readonly string[], options: DryRunOptions) => {
      using client = openClient(options)
      const [node = '', ...more] = nodes
      if (more.length > 0 || options.dryRun) return await changeMany(client, network, { add: nodes }, options)
      const member = await client.call('addMember', { path: { network }, body: { node } })
      print(options.json, member, () => memberFields(member))
    })
}

type MemberFilters = NonNullable<Input<'listMembers'>['query']>

function listCommand(): Command {
  return memberOf(listingCommand('list', ['node', 'name', 'addedAt']))
    .description('List the members of a network.')
    .option('--name <part>', 'only those whose name contains this')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices([
        'pending',
        'applied',
        'offline',
        'refused',
      ]),
    )
    .action((network: string, { name, state, sort, ...options }: ShowOptions & MemberFilters) => {
      const query = { name, state, sort }
      const row = (member: Member) => [
        member.name,
        member.state,
        member.ipv4,
        member.ipv6,
        orDash(member.listenPort),
        member.node,
      ]
      const titles = ['name', 'state', 'ipv4', 'ipv6', 'port', 'node']
      return show(
        options,
        async (client) => ({ items: await client.list('listMembers', { path: { network }, query }) }),
        ({ items }) => table(titles, items.map(row)),
      )
    })
}

function showCommand(): Command {
  return memberOf(showingCommand('show'))
    .description('Show one member of a network.')
    .argument('<node>', 'id or name')
    .action((network: string, node: string, options: ShowOptions) =>
      show(options, (client) => client.call('showMember', { path: { network, node } }), memberFields),
    )
}

function memberFields({ publicKey, listenPort, ...rest }: Member): string {
  return fields({ ...rest, publicKey: orDash(publicKey), listenPort: orDash(listenPort) })
}

interface RemoveOptions extends DryRunOptions {
  readonly yes?: boolean
}

function removeCommand(): Command {
  return withDryRun(memberOf(clientCommand('remove')))
    .description('Take nodes out of a network; their addresses stay reserved for a while.')
    .argument('<node...>', 'ids or names')
    .option('-y, --yes', 'do not ask')
    .action(async (network: string, nodes: readonly string[], options: RemoveOptions) => {
      using client = openClient(options)
      if (!options.dryRun) await confirm(`Take ${nodes.join(', ')} out of ${network}?`, options.yes)
      const [node = '', ...more] = nodes
      if (more.length > 0 || options.dryRun)
        return await changeMany(client, network, { remove: nodes }, options)
      await client.call('removeMember', { path: { network, node } })
    })
}

async function changeMany(
  client: Client,
  network: string,
  batch: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  { json, dryRun }: DryRunOptions,
): Promise<void> {
  const input = { path: { network }, body: batch }
  if (dryRun) return await printLinkChanges(client, await client.rehearse('changeMembers', input), json)
  // Whoever takes nodes out has said that it is meant.
  const confirm = batch.remove && (await nameOf(client, network))
  const result = await client.call('changeMembers', { ...input, query: { confirm } })
  print(json, result, () => `${result.added} added, ${result.removed} removed.\n`)
}

/** A name is taken as it is, so that tokens that may not read networks can remove members. */
async function nameOf(client: Client, network: string): Promise<string> {
  if (!network.startsWith('net-')) return network
  return (await client.call('showNetwork', { path: { network } })).name
}

function memberOf(command: Command): Command {
  return command.argument('<network>', 'id or name')
}
