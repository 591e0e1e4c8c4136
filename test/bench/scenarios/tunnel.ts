import { captive } from '../../../src/lab/homes.ts'
import { openStage } from '../../paths/stage.ts'
import { type Comparison, compareDirect, compareRelayed, median } from '../../paths/throughput.ts'
import { type Result, round, type Scenario } from '../scenario.ts'

const RUNS = 9

/** Usually 50 MB at a time. */
export const tunnel = tunnelBy(50_000_000)

/** In the lab `captive`: a link that is direct, and one that a blind relay carries. @param bytes of each transfer */
export function tunnelBy(bytes: number): Scenario {
  return {
    name: 'tunnel',
    work: 'TCP through links of agents, in turn with tunnels made by hand between the same namespaces',
    goal: '>= 0.97 of what the tunnel by hand carries, direct and relayed (so the ratio of times is <= 1.03)',
    needsRoot: true,
    async run({ samples = RUNS, say }) {
      await using stage = await openStage({ diagnostic: say }, captive())
      const options = { runs: samples, bytes }
      const results: Result[] = []
      for (const compare of [compareDirect, compareRelayed])
        results.push(toResult(await compare(stage, options), bytes))
      return results
    },
  }
}

/** Rates as the times that the transfer took. */
function toResult({ kind, agents, byHand, ratio, carried }: Comparison, bytes: number): Result {
  const [ours, floor] = [median(agents), median(byHand)]
  return {
    scenario: 'tunnel',
    p50Ms: round(timeAt(ours, bytes)),
    floorMs: round(timeAt(floor, bytes)),
    ratio: round(1 / ratio),
    notes: [
      `${kind}: ${round(ours)} Mbit/s, by hand ${round(floor)}: ${round(ratio)} of it, medians of ${agents.length} transfers of ${bytes / 1e6} MB`,
      ...(carried === undefined
        ? []
        : [
            `the relay took in ${Math.round(carried / 1e5) / 10} MB of ${(agents.length * bytes) / 1e6} MB that went through the link of agents`,
          ]),
    ],
  }
}

function timeAt(megabitsPerSecond: number, bytes: number): number {
  return (bytes * 8) / 1_000 / megabitsPerSecond
}
