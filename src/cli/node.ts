import { Argument, Command } from 'commander'
import type { Input } from '../client/api.ts'
import type { Node } from '../client/operations.ts'
import { WeftError } from '../errors.ts'
import { confirm } from './confirm.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { fields, labelsText, orDash, print, table } from './output.ts'

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

function listCommand(): Command {
  return clientCommand('list')
    .description('List all nodes.')
    .action(async (options: ClientOptions) => {
      using client = openClient(options)
      const items = await client.list('listNodes')
      const row = (node: Node) => [
        node.name,
        node.online ? 'yes' : 'no',
        orDash(node.lastSeenAt),
        orDash(node.roles.join(', ')),
        orDash(labelsText(node.labels)),
        node.id,
      ]
      const titles = ['name', 'online', 'last seen', 'roles', 'labels', 'id']
      print(options.json, { items }, () => table(titles, items.map(row)))
    })
}

function showCommand(): Command {
  return clientCommand('show')
    .description('Show one node.')
    .argument('<node>', 'id or name')
    .action(async (name: string, options: ClientOptions) => {
      using client = openClient(options)
      const node = await client.call('showNode', { path: { node: name } })
      print(options.json, node, () => nodeFields(node))
    })
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
  return clientCommand('roles')
    .description('Say what a node does for others: the whole list, none takes all roles away.')
    .argument('<node>', 'id or name')
    .addArgument(new Argument('[roles...]', 'what it does').choices(['relay', 'hub', 'gateway']))
    .addHelpText('after', ROLES_HELP)
    .action(async (name: string, roles: Input<'setRoles'>['body']['roles'], options: ClientOptions) => {
      using client = openClient(options)
      const node = await client.call('setRoles', { path: { node: name }, body: { roles } })
      print(options.json, node, () => nodeFields(node))
    })
}

const LABEL_HELP = `
Examples:
  weft node label web-1 role=web rack=a1
  weft node label web-1 rack-                takes the label rack away

Rules of a policy select members by their labels: weft policy set --help`

function labelCommand(): Command {
  return clientCommand('label')
    .description('Set labels of a node, and take others away; all others stay.')
    .argument('<node>', 'id or name')
    .argument('<changes...>', 'key=value sets a label, key- takes one away')
    .addHelpText('after', LABEL_HELP)
    .action(async (name: string, changes: readonly string[], options: ClientOptions) => {
      const labels = Object.fromEntries(changes.map(toChange))
      using client = openClient(options)
      const node = await client.call('changeNode', { path: { node: name }, body: { labels } })
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

interface RemoveOptions extends ClientOptions {
  readonly yes?: boolean
}

function removeCommand(): Command {
  return clientCommand('remove')
    .description('Forget a node: out of all its networks, and refused until it joins anew.')
    .argument('<node>', 'id or name')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, options: RemoveOptions) => {
      using client = openClient(options)
      await confirm(`Remove the node ${name} from all its networks?`, options.yes)
      await client.call('removeNode', { path: { node: name } })
    })
}

function nodeFields(node: Node): string {
  return fields({
    id: node.id,
    name: node.name,
    online: node.online ? 'yes' : 'no',
    lastSeenAt: orDash(node.lastSeenAt),
    roles: orDash(node.roles.join(', ')),
    labels: orDash(labelsText(node.labels)),
  })
}
