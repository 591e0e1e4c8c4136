import { Command, InvalidArgumentError } from 'commander'
import type { Input } from '../client/api.ts'
import type { CreatedToken, Token } from '../client/operations.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { duration, wholeNumber } from './numbers.ts'
import { labelsText, orDash, print, table } from './output.ts'
import { listingCommand, type ShowOptions, show } from './show.ts'

/** `weft token create|list|revoke` */
export function tokenCommand(): Command {
  return new Command('token')
    .description('Make, list and revoke join tokens: what lets a machine in.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
}

interface CreateOptions extends ClientOptions {
  readonly network?: readonly string[]
  readonly uses?: number
  readonly ttl?: number
  readonly label?: Readonly<Record<string, string>>
}

const EXAMPLES = `
Examples:
  weft token create --network demo
  weft token create --network demo --uses 10 --ttl 1d --label rack=a1
  weft token create --json | jq -r .token`

function createCommand(): Command {
  return clientCommand('create')
    .description('Make a join token. It is shown this once.')
    .option('--network <name>', 'network to enter at once; may be given again', collect)
    .option('--uses <count>', 'how many machines may join with it (1)', wholeNumber)
    .option('--ttl <time>', 'how long it can be used: 90s, 15m, 1h, 7d (1h)', duration)
    .option('--label <name=value>', 'what machines get as label; may be given again', collectLabel)
    .addHelpText('after', EXAMPLES)
    .action(async (options: CreateOptions) => {
      const { network: networks, uses, ttl: ttlSeconds, label: labels } = options
      using client = openClient(options)
      const body = { networks, uses, ttlSeconds, labels }
      const token = await client.call('createToken', { body: body })
      print(options.json, token, () => instructions(token))
    })
}

type TokenFilters = NonNullable<Input<'listTokens'>['query']>

function listCommand(): Command {
  return listingCommand('list', ['id', 'createdAt', 'expiresAt'])
    .description('List the join tokens that were not revoked.')
    .option('--usable', 'only those with which a machine can join now')
    .option('--no-usable', 'only those that are used up or have expired')
    .action(({ usable, sort, ...options }: ShowOptions & TokenFilters) => {
      const query = { usable, sort }
      const row = (token: Token) => [
        token.id,
        String(token.uses),
        token.expiresAt,
        orDash(token.networks.join(', ')),
        orDash(labelsText(token.labels)),
      ]
      const titles = ['id', 'uses left', 'expires', 'networks', 'labels']
      return show(
        options,
        async (client) => ({ items: await client.list('listTokens', { query }) }),
        ({ items }) => table(titles, items.map(row)),
      )
    })
}

function revokeCommand(): Command {
  return clientCommand('revoke')
    .description('Revoke a join token. Machines that joined with it stay.')
    .argument('<token>', "id, as 'weft token list' shows it")
    .action(async (id: string, options: ClientOptions) => {
      using client = openClient(options)
      await client.call('revokeToken', { path: { token: id } })
    })
}

function instructions({ id, token, expiresAt }: CreatedToken): string {
  return [
    `Join token ${id}, until ${expiresAt}. Run this on the new machine:`,
    '',
    `weft agent --join ${token}`,
    '',
    'It leaves nothing behind when it ends; a machine that is to come back keeps its place with --state-dir DIR.',
    'Where others can see the process list, hand the token over as WEFT_JOIN=… weft agent.',
    '',
  ].join('\n')
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

function collectLabel(text: string, before: Readonly<Record<string, string>> = {}) {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be name=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
