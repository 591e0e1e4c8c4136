import type { Command } from 'commander'
import type { ServerEvent } from '../client/sse.ts'
import { WeftError } from '../errors.ts'
import { Absence } from './absence.ts'
import type { Client } from './client.ts'
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
      await follow(client, options, stopSignal())
    })
}

/** A controller that goes away is asked again, for what comes after the last event, so none is left out. */
async function follow(client: Client, { network, after, json }: EventsOptions, stop: AbortSignal) {
  const absence = new Absence()
  let last = after
  for (let hasBegun = false; !stop.aborted; await absence.wait(stop)) {
    try {
      const input = { query: { network }, headers: { 'last-event-id': last } }
      for await (const event of client.events(input, stop)) {
        const { id = last ?? sequenceOf(event) } = event
        last = id
        if (absence.end() && event.event === 'hello') continue
        hasBegun = true
        process.stdout.write(lineOf(event, json))
      }
      absence.begin(new WeftError('unavailable', 'The controller ended the stream.'))
    } catch (error) {
      if (stop.aborted) return
      if (!hasBegun) throw error
      absence.begin(error)
    }
  }
}

/** How far the log was when the stream began. */
function sequenceOf({ data }: ServerEvent): string | undefined {
  const value: unknown = JSON.parse(data)
  const sequence = typeof value === 'object' && value !== null && Reflect.get(value, 'sequence')
  return typeof sequence === 'number' ? String(sequence) : undefined
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
