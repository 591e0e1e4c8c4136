import { Command } from 'commander'
import type { Member } from '../api/schemas/member.ts'
import { path } from './client.ts'
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
    .description('Add a node to a network.')
    .argument('<node>', 'id or name')
    .addHelpText('after', '\nExample:\n  weft member add demo web-1')
    .action(async (network: string, node: string, options: ClientOptions) => {
      using client = openClient(options)
      const member = await client.post<Member>(path`/v1/networks/${network}/members`, { node })
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
      const items = await client.list<Member>(path`/v1/networks/${network}/members`)
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
    .description('Take a node out of a network; its addresses stay reserved for a while.')
    .argument('<node>', 'id or name')
    .option('-y, --yes', 'do not ask')
    .action(async (network: string, node: string, options: RemoveOptions) => {
      using client = openClient(options)
      await confirm(`Take ${node} out of ${network}?`, options.yes)
      await client.delete(path`/v1/networks/${network}/members/${node}`)
    })
}

function memberOf(command: Command): Command {
  return command.argument('<network>', 'id or name')
}
