import assert from 'node:assert/strict'
import { pingAll } from '../../src/lab/ping.ts'
import { transfer } from '../../src/lab/transfer.ts'
import { tunnelsOn, wireguardOf } from '../e2e/tunnel.ts'
import type { Stage } from './stage.ts'
import { directTwin, relayedTwin } from './twin.ts'
import { relayBetween } from './world.ts'

/** What TCP gets through a link of agents, and through a tunnel made by hand between the same namespaces. */
export interface Comparison {
  readonly kind: 'direct' | 'relayed'
  /** Mbit/s, of each run. */
  readonly agents: readonly number[]
  readonly byHand: readonly number[]
  /** Bytes that the relay took in while links of agents were used; undefined for a direct one. */
  readonly carried?: number
  /** The median of those of each turn: what else goes on meets the two of one turn alike. */
  readonly ratio: number
}

export interface ComparisonOptions {
  /** Of each of the two, in turns, so that what else goes on meets both alike. */
  readonly runs: number
  readonly bytes: number
}

/** From a node behind a translation to a public one, in the lab `captive`. */
export async function compareDirect(stage: Stage, options: ComparisonOptions): Promise<Comparison> {
  const { lab, addressesOf } = stage
  const byHand = await directTwin(lab.host('home'), lab.host('open'))
  const targets = { agents: addressesOf('open')[0] ?? '', byHand }
  return { kind: 'direct', ...(await compare(stage, ['home', 'open'], targets, options)) }
}

/** Between two nodes that talk through a relay, in the lab `captive`. */
export async function compareRelayed(stage: Stage, options: ComparisonOptions): Promise<Comparison> {
  const { lab, paths, addressesOf } = stage
  const relay = lab.host(relayBetween(paths, 'captive', 'home'))
  const [transit] = await tunnelsOn(relay)
  assert.ok(transit, 'a relay is in the transit')
  const { addresses } = await relayedTwin(lab.host('captive'), lab.host('home'), [relay])
  const [, byHand] = addresses
  const targets = { agents: addressesOf('home')[0] ?? '', byHand }
  const takenIn = async () =>
    sum([...(await wireguardOf(relay, transit)).peers.values()].map(({ rxBytes }) => rxBytes))
  const before = await takenIn()
  const comparison = await compare(stage, ['captive', 'home'], targets, options)
  return { kind: 'relayed', ...comparison, carried: (await takenIn()) - before }
}

async function compare(
  { lab }: Stage,
  [from, to]: readonly [string, string],
  targets: Readonly<Record<'agents' | 'byHand', string>>,
  { runs, bytes }: ComparisonOptions,
): Promise<Omit<Comparison, 'kind'>> {
  const [one, other] = [lab.host(from), lab.host(to)]
  const measure = async (address: string) => {
    const to = { host: other, address }
    const { milliseconds, sent, received } = await transfer(one, to, { bytes, limit: 60_000 })
    assert.deepEqual([received, received.bytes], [sent, bytes], 'what was sent has arrived')
    return (bytes * 8) / 1_000 / milliseconds
  }
  const rates = { agents: [] as number[], byHand: [] as number[] }
  for (const address of Object.values(targets)) await pingAll([{ from: one, to, address, family: 4 }], 10_000)
  for (let run = 0; run < runs; run += 1) {
    const order = run % 2 === 0 ? (['agents', 'byHand'] as const) : (['byHand', 'agents'] as const)
    for (const which of order) rates[which].push(await measure(targets[which]))
  }
  const ratios = rates.agents.map((rate, turn) => rate / (rates.byHand[turn] ?? Number.NaN))
  return { ...rates, ratio: median(ratios) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** Of an odd number of values the one in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
