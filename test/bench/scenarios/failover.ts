import { setTimeout as wait } from 'node:timers/promises'
import { symmetric } from '../../../src/lab/homes.ts'
import type { PingCount } from '../../../src/lab/ping.ts'
import { underTraffic } from '../../e2e/traffic.ts'
import { memberNamed, openWorld, relayBetween, settledPaths } from '../../paths/world.ts'
import { now, type Result, round, type Scenario } from '../scenario.ts'

/** Two LANs behind symmetric translation, and two relays. */
export const failover: Scenario = {
  name: 'failover',
  work: 'the relay of a relayed link is killed, until packets flow through the other one',
  goal: '< 3 s',
  needsRoot: true,
  async run({ say }) {
    say('failover: a lab of two homes and two relays')
    await using world = await openWorld(symmetric())
    const { members, agents } = await world.join()
    const dead = relayBetween(await settledPaths(world), 'a-1', 'b-1')
    const [a, b] = [memberNamed(members, 'a-1'), memberNamed(members, 'b-1')]
    const start = now()
    const { counts } = await underTraffic(
      [
        [world.lab.host('a-1'), b.ipv4],
        [world.lab.host('b-1'), a.ipv6],
      ],
      async () => {
        await wait(1_000)
        await Promise.all([agents.get(dead)?.stop('SIGKILL', 3_000), world.lab.underlay.unplug(dead)])
      },
    )
    // The pace of the pings as it was on a busy machine, and rather too slow than too fast.
    const took = now() - start
    const gaps = counts.map((count) => (longestRun(count) * took) / count.sent)
    return [
      {
        scenario: 'failover',
        maxMs: round(Math.max(...gaps)),
        notes: [
          `without an answer for ${gaps.map((gap) => `${Math.round(gap)} ms`).join(' and ')}, one way and back`,
        ],
      },
    ] satisfies Result[]
  },
}

/** How many pings in a row were lost, at most. */
function longestRun({ lost }: PingCount): number {
  let [longest, run, last] = [0, 0, 0]
  for (const number of lost) {
    run = number === last + 1 ? run + 1 : 1
    longest = Math.max(longest, run)
    last = number
  }
  return longest
}
