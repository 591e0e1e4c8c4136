import { type Command, Option } from 'commander'
import type { Client } from './client.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { print } from './output.ts'
import { watch } from './watch.ts'

export interface ShowOptions extends ClientOptions {
  readonly watch?: boolean
}

/** A command that shows what is there, once or as it changes. */
export function showingCommand(name: string): Command {
  return clientCommand(name).option('--watch', 'show it again whenever it is another, until Ctrl-C')
}

/** A command that lists what is there. @param orders what it can be sorted by, the usual one first */
export function listingCommand(name: string, orders: readonly string[]): Command {
  return showingCommand(name).addOption(sortOption(orders))
}

export function sortOption(orders: readonly string[]): Option {
  const choices = [...orders, ...orders.map(reversed)]
  return new Option('--sort <order>', `what to sort by (${orders[0]}); with a hyphen, backwards`).choices(
    choices,
  )
}

function reversed(order: string): string {
  return order.startsWith('-') ? order.slice(1) : `-${order}`
}

/** Prints what is there; with --watch again whenever it is another: as JSON, one line each time. */
export async function show<Value>(
  options: ShowOptions,
  fetch: (client: Client) => Promise<Value>,
  forPeople: (value: Value) => string,
): Promise<void> {
  using client = openClient(options)
  if (options.watch) {
    await watch(client, async () => {
      const value = await fetch(client)
      return options.json ? `${JSON.stringify(value)}\n` : forPeople(value)
    })
    return
  }
  const value = await fetch(client)
  print(options.json, value, () => forPeople(value))
}
