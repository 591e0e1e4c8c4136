import { Command } from 'commander'
import type { Input } from '../client/api.ts'
import type { Project } from '../client/operations.ts'
import { confirm } from './confirm.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { type DryRunOptions, printLinkChanges, withDryRun } from './linkchanges.ts'
import { fields, print, table } from './output.ts'
import { listingCommand, type ShowOptions, show, showingCommand } from './show.ts'

/** `weft project create|list|show|delete` */
export function projectCommand(): Command {
  return new Command('project')
    .description(
      'Make, list, show and delete projects: tenants with networks, nodes and tokens of their own.',
    )
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(deleteCommand())
}

const EXAMPLES = `
Examples:
  weft project create acme
  weft api-token create acme-admin --project acme --role admin
  weft network create demo --project acme`

function createCommand(): Command {
  return clientCommand('create')
    .description('Make a project.')
    .argument('<name>', 'lower-case letters, digits and inner hyphens')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: ClientOptions) => {
      using client = openClient(options)
      const project = await client.call('createProject', { body: { name } })
      print(options.json, project, () => fields(project))
    })
}

type ProjectFilters = NonNullable<Input<'listProjects'>['query']>

function listCommand(): Command {
  return listingCommand('list', ['name', 'createdAt'])
    .description('List the projects that the token may see.')
    .option('--name <part>', 'only those whose name contains this')
    .action(({ name: part, sort, ...options }: ShowOptions & ProjectFilters) => {
      const query = { name: part, sort }
      const row = ({ name, id, createdAt }: Project) => [name, id, createdAt]
      return show(
        options,
        async (client) => ({ items: await client.list('listProjects', { query }) }),
        ({ items }) => table(['name', 'id', 'created'], items.map(row)),
      )
    })
}

function showCommand(): Command {
  return showingCommand('show')
    .description('Show one project.')
    .argument('<project>', 'id or name')
    .action((project: string, options: ShowOptions) =>
      show(options, (client) => client.call('showProject', { path: { project } }), fields),
    )
}

interface DeleteOptions extends DryRunOptions {
  readonly yes?: boolean
}

function deleteCommand(): Command {
  return withDryRun(clientCommand('delete'))
    .description('Delete a project with all its networks, nodes and tokens, at once.')
    .argument('<project>', 'id or name')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, options: DeleteOptions) => {
      using client = openClient(options)
      const project = await client.call('showProject', { path: { project: name } })
      if (options.dryRun) {
        const changes = await client.rehearse('deleteProject', { path: { project: project.id } })
        using inside = openClient({ ...options, project: project.id })
        return await printLinkChanges(inside, changes, options.json)
      }
      await confirm(
        `Delete the project ${project.name} with all its networks, nodes and tokens?`,
        options.yes,
      )
      await client.call('deleteProject', { path: { project: project.id }, query: { confirm: project.name } })
    })
}
