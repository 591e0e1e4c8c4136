import { setTimeout as wait } from 'node:timers/promises'
import type { Graph } from '../../client/operations.ts'
import { expectedPath, type Scenario } from '../../lab/topology.ts'
import type { Client } from '../client.ts'
import { DEMO } from './demo.ts'

/** Over what one member talks to another, both by name, as the controller sees it. */
export interface PairPath {
  readonly from: string
  readonly to: string
  /** As the graph says it; `gateways` where the two are no peers. */
  readonly kind: string
  /** Name of the relay. */
  readonly via: string | undefined
  /** Whether a handshake has confirmed it. */
  readonly up: boolean
}

/** A pair that does not talk as the scenario says. */
export interface Deviation extends PairPath {
  readonly expected: string
}

const POLL_MS = 250

/** The path of every ordered pair of members, looked at until all are up and as the scenario says, `limit` ms at most. */
export async function awaitPaths(client: Client, scenario: Scenario, limit: number): Promise<PairPath[]> {
  const deadline = performance.now() + limit
  for (;;) {
    const paths = await readPaths(client)
    const isAsWanted = paths.every(({ up }) => up) && deviations(paths, scenario).length === 0
    if (isAsWanted || performance.now() > deadline) return paths
    await wait(POLL_MS)
  }
}

/** What is not as the scenario says. */
export function deviations(paths: readonly PairPath[], scenario: Scenario): Deviation[] {
  return paths.flatMap((pair) => {
    const expected = expectedPath(scenario, pair.from, pair.to)
    return expected && expected !== pair.kind ? [{ ...pair, expected }] : []
  })
}

async function readPaths(client: Client): Promise<PairPath[]> {
  const graph = await client.call('showGraph', { path: { network: DEMO } })
  const names = new Map((await client.list('listNodes')).map(({ id, name }) => [id, name]))
  const ordered = graph.nodes.flatMap((from) =>
    graph.nodes.filter((to) => to !== from).map((to) => [from, to] as const),
  )
  return ordered.map(([from, to]) => {
    const link = graph.links.find(
      ({ a, b }) => (a === from.id && b === to.id) || (a === to.id && b === from.id),
    )
    return { from: from.name, to: to.name, ...describe(link, names) }
  })
}

function describe(link: Graph['links'][number] | undefined, names: ReadonlyMap<string, string>) {
  if (!link) return { kind: 'gateways', via: undefined, up: true }
  const { path: kind, via, state } = link
  return { kind, via: via ? (names.get(via) ?? via) : undefined, up: state === 'up' }
}
