import type { Command } from 'commander'
import type { ServerEvent } from '../client/sse.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { printable } from './printable.ts'
import { stopSignal } from './signals.ts'

interface EventsOptions extends ClientOptions {
  readonly network?: readonly string[]
  readonly after?: string
}

const EXAMPLES = `
Examples:
  weft events                            every change in the project
  weft events --network demo --json      of one network, with what is seen of its links
  weft events --after 1042               goes on after that event, none left out

With --json each line is {"id", "event", "data"}; the id of the last one is what --after takes.`

/** `weft events` */
export function eventsCommand(): Command {
  return clientCommand('events')
    .description('Print what happens as it happens, until Ctrl-C.')
    .option(
      '--network <network>',
      'only what is about it, and what is seen of it; may be given again',
      collect,
    )
    .option('--after <id>', 'go on after this event; else from now on')
    .addHelpText('after', EXAMPLES)
    .action(async (options: EventsOptions) => {
      using client = openClient(options)
      const stop = stopSignal()
      const input = { query: { network: options.network }, headers: { 'last-event-id': options.after } }
      try {
        for await (const event of client.events(input, stop))
          process.stdout.write(lineOf(event, options.json))
      } catch (error) {
        if (!stop.aborted) throw error
      }
    })
}

function lineOf({ id, event, data }: ServerEvent, json: boolean | undefined): string {
  const value: unknown = JSON.parse(data)
  if (json) return `${JSON.stringify({ id: id ?? null, event, data: value })}\n`
  return event === 'hello' ? '' : `${printable(`${id ?? '-'} ${event}: ${sentence(value)}`)}\n`
}

function sentence(data: unknown): string {
  if (typeof data !== 'object' || data === null) return String(data)
  if ('what' in data && Array.isArray(data.what))
    return `${Reflect.get(data, 'actorName')} ${data.what.join('; ')}`
  const count = (name: string) => [Reflect.get(data, name)].flat().length
  return `${count('nodes')} nodes and ${count('links')} links are seen otherwise, ${count('gone')} nodes are gone`
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}
