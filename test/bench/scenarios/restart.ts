import { setTimeout as wait } from 'node:timers/promises'
import { startAgent } from '../../../src/lab/weft.ts'
import { DEMO, memberOf, openMesh, settled } from '../../e2e/demo.ts'
import { assertAllAnswer, type Traffic, underTraffic } from '../../e2e/traffic.ts'
import type { Result, Scenario } from '../scenario.ts'

const NODES = 3
/** Of each direction, while something is away. */
const PINGS_A_SAMPLE = 100
const SAMPLES = 10
/** For a daemon to be away while packets flow. */
const AWAY_MS = 500

/** Real tunnels between namespaces. */
export const restart: Scenario = {
  name: 'restart',
  work: '1,000 pings at 10 ms while the controller, then an agent, is killed -9 and started again',
  goal: '0 lost',
  needsRoot: true,
  async run({ samples = SAMPLES, say }) {
    const pings = samples * PINGS_A_SAMPLE
    say('restart: a lab of three nodes')
    await using demo = await openMesh({ nodes: NODES })
    const members = await settled(demo.client, DEMO, NODES)
    await assertAllAnswer(demo.nodes, members)
    const direction = (from: number, to: number) =>
      [demo.lab.host(`node-${from}`), memberOf(members, demo.lab.host(`node-${to}`)).ipv4] as const
    const controller = await underTraffic(
      [direction(1, 2), direction(2, 3)],
      async () => {
        await wait(AWAY_MS)
        await demo.killController()
        await wait(AWAY_MS)
        await demo.startController()
      },
      pings,
    )
    await settled(demo.client, DEMO, NODES)
    let [again] = demo.agents
    const agent = await underTraffic(
      [direction(1, 3), direction(3, 1)],
      async () => {
        await wait(AWAY_MS)
        await demo.agents[0]?.stop('SIGKILL', 5_000)
        await wait(AWAY_MS)
        again = await startAgent(demo.lab.host('node-1'), { device: 'auto' })
      },
      pings,
    )
    // The floor: the same tunnels when neither a controller nor an agent is there to disturb them.
    await Promise.all([
      demo.killController(),
      ...[...demo.agents.slice(1), again].map((one) => one?.stop('SIGKILL', 5_000)),
    ])
    const floor = await underTraffic([direction(2, 1), direction(3, 2)], () => wait(AWAY_MS), pings)
    return [
      {
        scenario: 'restart',
        agents: NODES,
        notes: [
          `controller: ${losses(controller)}`,
          `agent: ${losses(agent)}`,
          `floor, without any controller or agent: ${losses(floor)}`,
        ],
      },
    ] satisfies Result[]
  },
}

function losses({ counts }: Traffic): string {
  return counts.map(({ sent, lost }) => `${lost.length} of ${sent} pings lost`).join(', ')
}
