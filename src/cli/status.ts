import type { Command } from 'commander'
import { clientCommand, openClient } from './connection.ts'
import { fields } from './output.ts'
import { type ShowOptions, show, showingCommand } from './show.ts'

/** `weft status` and `weft status metrics` */
export function statusCommand(): Command {
  return (
    showingCommand('status')
      .description('Say whether the controller answers, and whether changes can be made.')
      .addHelpText('after', '\nExit code: 0 when it can write, 3 when it cannot or does not answer.')
      .action((options: ShowOptions) =>
        show(
          options,
          async (client) => {
            const { status } = await client.call('health')
            return { status, ready: (await client.call('ready')).status }
          },
          ({ status, ready }) => fields({ status, ready }),
        ),
      )
      // What stands behind `metrics` is for that.
      .enablePositionalOptions()
      .addCommand(metricsCommand())
  )
}

function metricsCommand(): Command {
  return clientCommand('metrics')
    .description('Print the metrics of the controller, in the text format of Prometheus.')
    .action(async (options: ShowOptions) => {
      using client = openClient(options)
      process.stdout.write(await client.call('metrics'))
    })
}
