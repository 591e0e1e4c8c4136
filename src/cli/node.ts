import { Argument, Command, Option } from 'commander'
import type { Input } from '../client/api.ts'
import type { Node } from '../client/operations.ts'
import { WeftError } from '../errors.ts'
import { confirm } from './confirm.ts'
import { clientCommand, openClient } from './connection.ts'
import { type DryRunOptions, printLinkChanges, withDryRun } from './linkchanges.ts'
import { fields, labelsText, orDash, print, table } from './output.ts'
import { listingCommand, type ShowOptions, show, showingCommand } from './show.ts'

/** `weft node list|show|roles|label|remove` */
export function nodeCommand(): Command {
  return new Command('node')
    .description(
      'List, show and remove nodes, give them roles and labels. They come by joining: weft token create.',
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(rolesCommand())
    .addCommand(labelCommand())
    .addCommand(removeCommand())
}

type NodeFilters = NonNullable<Input<'listNodes'>['query']>

function listCommand(): Command {
  return listingCommand('list', ['name', 'enrolledAt'])
    .description('List the nodes of the project.')
    .option('--name <part>', 'only those whose name contains this')
    .option('--online', 'only those whose agent is connected')
    .option('--no-online', 'only those whose agent is not')
    .addOption(new Option('--role <role>', 'only those with this role').choices(['relay', 'hub', 'gateway']))
    .option('--label <label>', 'only those with this label: a name, or name=value')
    .action(({ name, online, role, label, sort, ...options }: ShowOptions & NodeFilters) => {
      const query = { name, online, role, label, sort }
      const row = (node: Node) => [
        node.name,
        node.online ? 'yes' : 'no',
        orDash(node.lastSeenAt),
        orDash(node.roles.join(', ')),
        orDash(labelsText(node.labels)),
        node.id,
      ]
      const titles = ['name', 'online', 'last seen', 'roles', 'labels', 'id']
      return show(
        options,
        async (client) => ({ items: await client.list('listNodes', { query }) }),
        ({ items }) => table(titles, items.map(row)),
      )
    })
}

function showCommand(): Command {
  return showingCommand('show')
    .description('Show one node.')
    .argument('<node>', 'id or name')
    .action((node: string, options: ShowOptions) =>
      show(options, (client) => client.call('showNode', { path: { node } }), nodeFields),
    )
}

const ROLES_HELP = `
Roles:
  relay    forwards what it cannot read, for nodes that cannot reach each other
  hub      carries packets of other members in networks of topology 'hub'
  gateway  carries packets between its site and others in networks of topology 'sites'

Examples:
  weft node roles edge-1 relay
  weft node roles edge-1 relay gateway
  weft node roles edge-1                 takes all roles away`

function rolesCommand(): Command {
  return withDryRun(clientCommand('roles'))
    .description('Say what a node does for others: the whole list, none takes all roles away.')
    .argument('<node>', 'id or name')
    .addArgument(new Argument('[roles...]', 'what it does').choices(['relay', 'hub', 'gateway']))
    .addHelpText('after', ROLES_HELP)
    .action(async (name: string, roles: Input<'setRoles'>['body']['roles'], options: DryRunOptions) => {
      using client = openClient(options)
      const input = { path: { node: name }, body: { roles } }
      if (options.dryRun)
        return await printLinkChanges(client, await client.rehearse('setRoles', input), options.json)
      const node = await client.call('setRoles', input)
      print(options.json, node, () => nodeFields(node))
    })
}

const LABEL_HELP = `
Examples:
  weft node label web-1 role=web rack=a1
  weft node label web-1 rack-                takes the label rack away

Rules of a policy select members by their labels: weft policy set --help`

function labelCommand(): Command {
  return withDryRun(clientCommand('label'))
    .description('Set labels of a node, and take others away; all others stay.')
    .argument('<node>', 'id or name')
    .argument('<changes...>', 'key=value sets a label, key- takes one away')
    .addHelpText('after', LABEL_HELP)
    .action(async (name: string, changes: readonly string[], options: DryRunOptions) => {
      const labels = Object.fromEntries(changes.map(toChange))
      using client = openClient(options)
      const input = { path: { node: name }, body: { labels } }
      if (options.dryRun)
        return await printLinkChanges(client, await client.rehearse('changeNode', input), options.json)
      const node = await client.call('changeNode', input)
      print(options.json, node, () => nodeFields(node))
    })
}

function toChange(text: string): [name: string, value: string | null] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  if (at < 0 && text.length > 1 && text.endsWith('-')) return [text.slice(0, -1), null]
  throw new WeftError('invalid-input', `'${text}' is no change of a label.`, {
    field: 'changes',
    advice: 'Write key=value to set a label, or key- to take one away.',
  })
}

interface RemoveOptions extends DryRunOptions {
  readonly yes?: boolean
}

function removeCommand(): Command {
  return withDryRun(clientCommand('remove'))
    .description('Forget a node: out of all its networks, and refused until it joins anew.')
    .argument('<node>', 'id or name')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, options: RemoveOptions) => {
      using client = openClient(options)
      const input = { path: { node: name } }
      if (options.dryRun)
        return await printLinkChanges(client, await client.rehearse('removeNode', input), options.json)
      await confirm(`Remove the node ${name} from all its networks?`, options.yes)
      await client.call('removeNode', input)
    })
}

function nodeFields(node: Node): string {
  return fields({
    id: node.id,
    name: node.name,
    online: node.online ? 'yes' : 'no',
    enrolledAt: node.enrolledAt,
    lastSeenAt: orDash(node.lastSeenAt),
    roles: orDash(node.roles.join(', ')),
    labels: orDash(labelsText(node.labels)),
  })
}
