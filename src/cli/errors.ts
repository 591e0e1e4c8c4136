import type { Command } from 'commander'
import type { Input } from '../client/api.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { wholeNumber } from './numbers.ts'
import { fields, print, table } from './output.ts'
import { sortOption } from './show.ts'

type ErrorsOptions = ClientOptions & NonNullable<Input<'listErrors'>['query']>

/** `weft errors [CODE]` */
export function errorsCommand(): Command {
  return clientCommand('errors')
    .addOption(sortOption(['code', 'status']))
    .description('Explain a code that an error can have, or list all of them.')
    .argument('[code]', 'for instance range-overlap')
    .option('--status <number>', 'only those that go with this HTTP status', wholeNumber)
    .action(async (code: string | undefined, { sort, status, ...options }: ErrorsOptions) => {
      using client = openClient(options)
      if (code !== undefined) {
        const found = await client.call('showError', { path: { code } })
        return print(options.json, found, () => fields({ ...found, status: String(found.status) }))
      }
      const items = await client.list('listErrors', { query: { sort, status } })
      const rows = items.map(({ code: name, status: number, title }) => [name, String(number), title])
      print(options.json, { items }, () => table(['code', 'status', 'meaning'], rows))
    })
}
