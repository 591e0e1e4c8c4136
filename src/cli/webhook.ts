import { Command, Option } from 'commander'
import type { Input } from '../client/api.ts'
import type { CreatedWebhook, Webhook, WebhookDelivery } from '../client/operations.ts'
import { confirm } from './confirm.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { eventTypes } from './eventtypes.ts'
import { wholeNumber } from './numbers.ts'
import { fields, orDash, print, table } from './output.ts'
import { listingCommand, type ShowOptions, show, showingCommand } from './show.ts'

/** `weft webhook create|list|show|update|delete|deliveries|test|redeliver` */
export function webhookCommand(): Command {
  return new Command('webhook')
    .description('Have places outside told of what changes in the project, and see how that goes.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(updateCommand())
    .addCommand(deleteCommand())
    .addCommand(deliveriesCommand())
    .addCommand(testCommand())
    .addCommand(redeliverCommand())
}

type NewWebhook = Input<'createWebhook'>['body']

interface CreateOptions extends ClientOptions {
  readonly name?: string
  readonly event?: NonNullable<NewWebhook['events']>
  readonly network?: readonly string[]
  readonly disabled?: boolean
}

const CREATE_HELP = `
Messages are signed with the secret that is printed this once (https://www.standardwebhooks.com), come in the
order of the changes, and at least once: the header webhook-id tells doubles.

Examples:
  weft webhook create https://hooks.example.org/weft
  weft webhook create https://hooks.example.org/weft --network demo --event member-added --event member-removed
  weft webhook test whk-4tq2b7w3xk5lm6np`

function createCommand(): Command {
  return clientCommand('create')
    .description('Have a URL told of changes. Its secret is shown this once.')
    .argument('<url>', 'where to: https')
    .option('--name <text>', 'what it is for (the host of the URL)')
    .option('--event <type>', 'only of these; may be given again', eventTypes)
    .option('--network <network>', 'only of these, id or name; may be given again', collect)
    .option('--disabled', 'begin only when it is enabled')
    .addHelpText('after', CREATE_HELP)
    .action(async (url: string, options: CreateOptions) => {
      const { name, event: events, network, disabled = false } = options
      const networks = network && [...network]
      using client = openClient(options)
      const body = { url, name, events, networks, enabled: !disabled }
      const webhook = await client.call('createWebhook', { body })
      print(options.json, webhook, () => created(webhook))
    })
}

type WebhookFilters = NonNullable<Input<'listWebhooks'>['query']>

function listCommand(): Command {
  return listingCommand('list', ['id', 'name', 'createdAt'])
    .description('List the webhooks of the project.')
    .option('--name <part>', 'only those whose name contains this')
    .option('--enabled', 'only those that are told')
    .option('--no-enabled', 'only those that are disabled')
    .action(({ name, enabled, sort, ...options }: ShowOptions & WebhookFilters) => {
      const query = { name, enabled, sort }
      const row = (webhook: Webhook) => [webhook.id, webhook.name, stateOf(webhook), webhook.url]
      return show(
        options,
        async (client) => ({ items: await client.list('listWebhooks', { query }) }),
        ({ items }) => table(['id', 'name', 'state', 'url'], items.map(row)),
      )
    })
}

function showCommand(): Command {
  return webhookOf(showingCommand('show'))
    .description('Show a webhook, and how far it is.')
    .action((webhook: string, options: ShowOptions) =>
      show(
        options,
        (client) => client.call('showWebhook', { path: { webhook } }),
        (found) =>
          fields({
            ...about(found),
            acknowledged: `entry ${found.acknowledged}`,
            failing: failing(found.failingSince),
          }),
      ),
    )
}

interface UpdateOptions extends ClientOptions {
  readonly name?: string
  readonly target?: string
  readonly event?: NonNullable<NewWebhook['events']>
  readonly network?: readonly string[]
  readonly allEvents?: boolean
  readonly allNetworks?: boolean
  readonly enable?: boolean
  readonly disable?: boolean
}

function updateCommand(): Command {
  return webhookOf(clientCommand('update'))
    .description('Change a webhook, disable it, or enable it again: then it goes on where it stopped.')
    .option('--target <url>', 'where to')
    .option('--name <text>', 'what it is for')
    .option('--event <type>', 'only of these; may be given again', eventTypes)
    .option('--all-events', 'of all events')
    .option('--network <network>', 'only of these, id or name; may be given again', collect)
    .option('--all-networks', 'of all networks')
    .option('--enable', 'go on telling')
    .option('--disable', 'tell nothing for now')
    .action(async (webhook: string, options: UpdateOptions) => {
      const { name, target: url, event, network, allEvents, allNetworks, enable, disable } = options
      const body = {
        name,
        url,
        events: allEvents ? null : event,
        networks: allNetworks ? null : network && [...network],
        enabled: enable ? true : disable ? false : undefined,
      }
      using client = openClient(options)
      const changed = await client.call('changeWebhook', { path: { webhook }, body })
      print(options.json, changed, () => fields(about(changed)))
    })
}

function deleteCommand(): Command {
  return webhookOf(clientCommand('delete'))
    .description('Delete a webhook: it is told nothing more.')
    .option('-y, --yes', 'do not ask')
    .action(async (webhook: string, options: ClientOptions & { readonly yes?: boolean }) => {
      using client = openClient(options)
      await confirm(
        `Delete webhook ${webhook}?`,
        options.yes,
        'Its messages would end, so it has to be confirmed.',
      )
      await client.call('deleteWebhook', { path: { webhook } })
    })
}

type DeliveryFilters = NonNullable<Input<'listWebhookDeliveries'>['query']>

function deliveriesCommand(): Command {
  return webhookOf(listingCommand('deliveries', ['-firstAt', '-lastAt']))
    .description('Show the last messages to a webhook and how they went, the latest first.')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices(['delivered', 'retrying', 'failed']),
    )
    .addOption(new Option('--type <type>', 'only those of this type').choices(['change', 'ping']))
    .option('--limit <count>', 'most of them', wholeNumber, 20)
    .action((webhook: string, { state, type, sort, limit, ...options }: ShowOptions & DeliveryFilters) => {
      const query = { state, type, sort, limit }
      const titles = ['id', 'type', 'state', 'attempts', 'last', 'status', 'why']
      return show(
        options,
        (client) => client.call('listWebhookDeliveries', { path: { webhook }, query }),
        ({ items }) => table(titles, items.map(deliveryRow)),
      )
    })
}

function testCommand(): Command {
  return webhookOf(clientCommand('test'))
    .description('Send a message that says nothing, once, and show how it went.')
    .action(async (webhook: string, options: ClientOptions) => {
      using client = openClient(options)
      const delivery = await client.call('testWebhook', { path: { webhook } })
      print(options.json, delivery, () => outcome(delivery))
    })
}

function redeliverCommand(): Command {
  return webhookOf(clientCommand('redeliver'))
    .description('Send a message once more, with the same id, and show how it went.')
    .argument('<delivery>', "id, as 'weft webhook deliveries' shows it")
    .action(async (webhook: string, delivery: string, options: ClientOptions) => {
      using client = openClient(options)
      const done = await client.call('redeliverWebhook', { path: { webhook, delivery } })
      print(options.json, done, () => outcome(done))
    })
}

function webhookOf(command: Command): Command {
  return command.argument('<webhook>', "id, as 'weft webhook list' shows it")
}

function created(webhook: CreatedWebhook): string {
  return `${fields(about(webhook))}\nThe secret with which it checks signatures. It is shown this once:\n\n${webhook.secret}\n`
}

function about(webhook: Webhook): Record<string, string> {
  const { id, name, url, events, networks } = webhook
  return {
    id,
    name,
    url,
    events: events?.join(', ') ?? 'all',
    networks: networks?.join(', ') ?? 'all',
    state: stateOf(webhook),
  }
}

function stateOf({ enabled, disabledReason }: Webhook): string {
  return enabled ? 'enabled' : `disabled${disabledReason === null ? '' : `: ${disabledReason}`}`
}

function failing(since: string | null): string {
  return since === null ? 'no' : `since ${since}`
}

function deliveryRow({ id, type, state, attempts, lastAt, status, error }: WebhookDelivery): string[] {
  return [id, type, state, String(attempts), lastAt, orDash(status), orDash(error)]
}

function outcome({ id, state, status, error, milliseconds }: WebhookDelivery): string {
  const why = error === null ? '' : `: ${error}`
  return fields({ id, state: `${state}${why}`, status: orDash(status), took: `${milliseconds} ms` })
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}
