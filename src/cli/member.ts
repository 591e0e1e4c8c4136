import { Command } from 'commander'
import type { Member } from '../client/operations.ts'
import type { Client } from './client.ts'
import { confirm } from './confirm.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { fields, orDash, print, table } from './output.ts'

/** `weft member add|list|remove` */
export function memberCommand(): Command {
  return new Command('member')
    .description('Add nodes to a network, list and remove them.')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand())
}

function addCommand(): Command {
  return memberOf(clientCommand('add'))
    .description('Add nodes to a network; several all at once, or none.')
    .argument('<node...>', 'ids or names')
    .addHelpText(
      'after',
      '\nExamples:\n  weft member add demo web-1\n  weft member add demo web-1 web-2 db-1',
    )
    .action(async (network: string, nodes: readonly string[], options: ClientOptions) => {
      using client = openClient(options)
      const [node = '', ...more] = nodes
      if (more.length > 0) return changeMany(client, network, { add: nodes }, options.json)
      const member = await client.call('addMember', { path: { network }, body: { node } })
      const { publicKey, listenPort, ...rest } = member
      print(options.json, member, () =>
        fields({ ...rest, publicKey: orDash(publicKey), listenPort: orDash(listenPort) }),
      )
    })
}

function listCommand(): Command {
  return memberOf(clientCommand('list'))
    .description('List the members of a network.')
    .action(async (network: string, options: ClientOptions) => {
      using client = openClient(options)
      const items = await client.list('listMembers', { path: { network } })
      const row = (member: Member) => [
        member.name,
        member.state,
        member.ipv4,
        member.ipv6,
        orDash(member.listenPort),
        member.node,
      ]
      const titles = ['name', 'state', 'ipv4', 'ipv6', 'port', 'node']
      print(options.json, { items }, () => table(titles, items.map(row)))
    })
}

interface RemoveOptions extends ClientOptions {
  readonly yes?: boolean
}

function removeCommand(): Command {
  return memberOf(clientCommand('remove'))
    .description('Take nodes out of a network; their addresses stay reserved for a while.')
    .argument('<node...>', 'ids or names')
    .option('-y, --yes', 'do not ask')
    .action(async (network: string, nodes: readonly string[], options: RemoveOptions) => {
      using client = openClient(options)
      await confirm(`Take ${nodes.join(', ')} out of ${network}?`, options.yes)
      const [node = '', ...more] = nodes
      if (more.length > 0) return changeMany(client, network, { remove: nodes }, options.json)
      await client.call('removeMember', { path: { network, node } })
    })
}

async function changeMany(
  client: Client,
  network: string,
  batch: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  json: boolean | undefined,
): Promise<void> {
  const result = await client.call('changeMembers', { path: { network }, body: batch })
  print(json, result, () => `${result.added} added, ${result.removed} removed.\n`)
}

function memberOf(command: Command): Command {
  return command.argument('<network>', 'id or name')
}
