import { setTimeout as pause } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import type { Graph } from '../client/operations.ts'
import { systemClock } from '../clock.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { nodeNames } from './names.ts'
import { CLEAR } from './output.ts'
import { stopSignal } from './signals.ts'
import { type Look, topScreen } from './top/screen.ts'

const INTERVAL_S = 2
const INTERVAL_MAX_S = 3_600

const EXAMPLES = `
Examples:
  weft top demo
  weft top demo --interval 10
  weft top demo --looks 2 | cat      two looks, for a script

Bytes are those of the tunnels, as the agents reported them last: they move only as often as agents report.`

interface TopOptions extends ClientOptions {
  readonly interval: number
  readonly looks?: number
}

/** `weft top` */
export function topCommand(): Command {
  return clientCommand('top')
    .description('Watch the links of a network: what does not work first, then the busiest, until Ctrl-C.')
    .argument('<network>', 'id or name')
    .option('--interval <seconds>', 'between two looks', wholeNumber(INTERVAL_MAX_S), INTERVAL_S)
    .option('--looks <count>', 'leave after so many', wholeNumber(1_000_000))
    .addHelpText('after', EXAMPLES)
    .action(watch)
}

async function watch(network: string, options: TopOptions): Promise<void> {
  using client = openClient(options)
  const signal = stopSignal()
  let before: Look | undefined
  for (let look = 1; !signal.aborted; look++) {
    const names = await nodeNames(client)
    const graph = await client.call('showGraph', { path: { network }, query: { brief: true } })
    const now: Look = { graph, at: systemClock.monotonic() }
    show(options.json, graph, () => topScreen(network, now, before, names, process.stdout.rows))
    before = now
    if (look === options.looks) return
    // It keeps the process alive; the clock's timers do not.
    await pause(options.interval * 1_000, undefined, { signal }).catch(() => undefined)
  }
}

function show(json: boolean | undefined, graph: Graph, screen: () => string): void {
  if (json) process.stdout.write(`${JSON.stringify(graph)}\n`)
  else process.stdout.write(process.stdout.isTTY ? `${CLEAR}${screen()}` : `${screen()}\n`)
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : 0
    if (number >= 1 && number <= most) return number
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`)
  }
}
