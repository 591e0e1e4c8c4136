import type { Command } from 'commander'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { fields, print, table } from './output.ts'

/** `weft errors [CODE]` */
export function errorsCommand(): Command {
  return clientCommand('errors')
    .description('Explain a code that an error can have, or list all of them.')
    .argument('[code]', 'for instance range-overlap')
    .action(async (code: string | undefined, options: ClientOptions) => {
      using client = openClient(options)
      if (code !== undefined) {
        const found = await client.call('showError', { path: { code } })
        return print(options.json, found, () => fields({ ...found, status: String(found.status) }))
      }
      const { items } = await client.call('listErrors')
      const rows = items.map(({ code: name, status, title }) => [name, String(status), title])
      print(options.json, { items }, () => table(['code', 'status', 'meaning'], rows))
    })
}
