import { Command, Option } from 'commander'
import type { Input } from '../client/api.ts'
import type { ApiToken, CreatedApiToken } from '../client/operations.ts'
import { PERMISSIONS } from '../model/permission.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { duration } from './numbers.ts'
import { fields, orDash, print, table } from './output.ts'
import { listingCommand, type ShowOptions, show, showingCommand } from './show.ts'

/** `weft api-token create|list|show|revoke|whoami` */
export function apiTokenCommand(): Command {
  return new Command('api-token')
    .description('Make, list and revoke API tokens: what programs show to the controller.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(revokeCommand())
    .addCommand(whoamiCommand())
}

type NewApiToken = Input<'createApiToken'>['body']

interface CreateOptions extends ClientOptions {
  readonly role: NewApiToken['role']
  readonly scope?: NonNullable<NewApiToken['scopes']>
  readonly global?: boolean
  readonly ttl?: number
}

const HELP = `
Roles:
  viewer    sees networks, nodes and join tokens
  operator  also changes them
  admin     also shares networks and makes API tokens

Scopes:
${Object.entries(PERMISSIONS)
  .map(([name, meaning]) => `  ${name.padEnd(17)} ${meaning}`)
  .join('\n')}

Examples:
  weft api-token create dashboard
  weft api-token create billing --project acme --role operator --scope networks:read --scope members:write
  weft api-token create backup-admin --role admin --global --ttl 365d`

function createCommand(): Command {
  return clientCommand('create')
    .description('Make an API token. It is shown this once.')
    .argument('<name>', 'what it is for')
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(['viewer', 'operator', 'admin'])
        .default('viewer'),
    )
    .option('--scope <permission>', 'narrows the role; may be given again', collect)
    .option('--global', 'counts in all projects')
    .option('--ttl <time>', 'how long it can be used: 1h, 30d (until it is revoked)', duration)
    .addHelpText('after', HELP)
    .action(async (name: string, options: CreateOptions) => {
      const { role, scope: scopes, global, ttl: ttlSeconds } = options
      using client = openClient(options)
      const token = await client.call('createApiToken', {
        body: {
          name,
          role,
          scopes,
          global,
          ttlSeconds,
        },
      })
      print(options.json, token, () => created(token))
    })
}

type ApiTokenFilters = NonNullable<Input<'listApiTokens'>['query']>

function listCommand(): Command {
  return listingCommand('list', ['id', 'name', 'createdAt'])
    .description('List the API tokens of the project; with a global token, the global ones too.')
    .option('--name <part>', 'only those whose name contains this')
    .option('--global', 'only those that count in all projects')
    .option('--no-global', 'only those of the project')
    .action(({ name, global, sort, ...options }: ShowOptions & ApiTokenFilters) => {
      const query = { name, global, sort }
      const row = ({ id, name, project, role, expiresAt }: ApiToken) => [
        id,
        name,
        role,
        project ?? 'all',
        expiresAt ?? 'never',
      ]
      return show(
        options,
        async (client) => ({ items: await client.list('listApiTokens', { query }) }),
        ({ items }) => table(['id', 'name', 'role', 'project', 'expires'], items.map(row)),
      )
    })
}

function showCommand(): Command {
  return showingCommand('show')
    .description('Show one API token; its secret was shown when it was made.')
    .argument('<token>', "id, as 'weft api-token list' shows it")
    .action((id: string, options: ShowOptions) =>
      show(
        options,
        (client) => client.call('showApiToken', { path: { token: id } }),
        (token) =>
          fields({
            ...token,
            project: token.project ?? 'all',
            permissions: orDash(token.permissions.join(', ')),
            person: orDash(token.person),
            expiresAt: token.expiresAt ?? 'never',
          }),
      ),
    )
}

function revokeCommand(): Command {
  return clientCommand('revoke')
    .description('Revoke an API token, at once.')
    .argument('<token>', "id, as 'weft api-token list' shows it")
    .action(async (id: string, options: ClientOptions) => {
      using client = openClient(options)
      await client.call('revokeApiToken', { path: { token: id } })
    })
}

function whoamiCommand(): Command {
  return clientCommand('whoami')
    .description('Show what the token in use may do.')
    .action(async (options: ClientOptions) => {
      using client = openClient(options)
      const self = await client.call('whoami')
      const { permissions, global, ...rest } = self
      print(options.json, self, () =>
        fields({ ...rest, global: global ? 'yes' : 'no', permissions: orDash(permissions.join(', ')) }),
      )
    })
}

function created({ id, project, token, expiresAt }: CreatedApiToken): string {
  const where = project === null ? 'all projects' : `project ${project}`
  const until = expiresAt === null ? 'until it is revoked' : `until ${expiresAt}`
  return `API token ${id} for ${where}, ${until}. It is shown this once:\n\n${token}\n`
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}
