import { setTimeout as wait } from 'node:timers/promises'
import type { Demo } from '../../../src/cli/up/demo.ts'
import { symmetric } from '../../../src/lab/homes.ts'
import { type PingCount, pingAll } from '../../../src/lab/ping.ts'
import type { Scenario as Lab } from '../../../src/lab/topology.ts'
import { underTraffic } from '../../e2e/traffic.ts'
import { type RelayedTwin, relayedTwin } from '../../paths/twin.ts'
import { memberNamed, openWorld, relayBetween, settledPaths, type World } from '../../paths/world.ts'
import { now, type Result, round, type Scenario } from '../scenario.ts'

const PING_MS = 10
const PINGS_A_SAMPLE = 100
/** A relay that is dead is found out within 3 s, and handshakes may have to be repeated. */
const SAMPLES = 10
const HAND_MS = 30_000
/** Of traffic before the relay dies. */
const CALM_MS = 1_000
const RELAYS = ['relay-1', 'relay-2']

/** Two nodes behind symmetric translation, and two relays. */
export const failover: Scenario = {
  name: 'failover',
  work: 'the relay of a relayed link is killed, until packets flow through the other one',
  goal: '< 3 s',
  needsRoot: true,
  async run({ samples = SAMPLES, say }) {
    say('failover: a lab of two homes and two relays')
    await using world = await openWorld(twoAlone())
    const { lab } = world
    const demo = await world.join()
    await settledPaths(world)
    const [a, b] = [lab.host('a-1'), lab.host('b-1')]
    say('failover: the same link by hand beside it')
    const relays = RELAYS.map((name) => lab.host(name))
    const twin = await relayedTwin(a, b, relays)
    await pingAll([{ from: a, to: 'b-1', address: twin.addresses[1], family: 4 }], HAND_MS)
    const killing = { world, demo, twin, pings: samples * PINGS_A_SAMPLE }
    const first = await killUnderTraffic({ ...killing, isAgain: false })
    if (hasCarried(first)) return [toResult(first)]
    // What is measured of the ways decides which relay carries, and that may have changed a moment before.
    say(`failover: ${first.dead} did not carry the link any more; again`)
    await lab.underlay.plug(first.dead)
    const agents = new Map(demo.agents).set(first.dead, await world.startAgent(first.dead))
    const second = await killUnderTraffic({ ...killing, demo: { ...demo, agents }, isAgain: true })
    if (!hasCarried(second)) throw new Error('Each relay that died carried nothing.')
    return [toResult(second)]
  },
}

interface Killing {
  readonly world: World
  readonly demo: Demo
  readonly twin: RelayedTwin
  /** Of each direction. */
  readonly pings: number
  readonly isAgain: boolean
}

/** What became of the pings one way, back, and through the tunnel by hand, when the relay of all three died. */
interface Found {
  readonly counts: readonly PingCount[]
  /** Milliseconds from before the first ping to after the last. */
  readonly took: number
}

function hasCarried({ counts }: Found): boolean {
  return counts.every(({ lost }) => lost.length > 0)
}

async function killUnderTraffic({
  world,
  demo,
  twin,
  pings,
  isAgain,
}: Killing): Promise<Found & { dead: string }> {
  const { lab } = world
  const { members } = demo
  const [a, b] = [lab.host('a-1'), lab.host('b-1')]
  const dead = relayBetween(await settledPaths(world), 'a-1', 'b-1')
  const carrier = RELAYS.indexOf(dead)
  await twin.move(carrier)
  const [there, back] = [memberNamed(members, 'b-1'), memberNamed(members, 'a-1')]
  const start = now()
  const { counts } = await underTraffic(
    // Each direction can be used only once.
    isAgain
      ? [
          [a, there.ipv6],
          [b, back.ipv4],
          [b, twin.addresses[0]],
        ]
      : [
          [a, there.ipv4],
          [b, back.ipv6],
          [a, twin.addresses[1]],
        ],
    async () => {
      await wait(CALM_MS)
      await Promise.all([demo.agents.get(dead)?.stop('SIGKILL', 3_000), lab.underlay.unplug(dead)])
      // By hand nobody has to find out that it is dead, or to think of another way.
      await twin.move(1 - carrier)
    },
    pings,
  )
  return { dead, counts, took: now() - start }
}

/** The lab `symmetric` with one node in each of its homes. */
function twoAlone(): Lab {
  const all = symmetric()
  const hosts = all.hosts.filter(({ name }) => name !== 'a-2' && name !== 'b-2')
  return { ...all, hosts, paths: [{ kind: 'relayed' }] }
}

function toResult({ counts, took }: Found): Result {
  const gaps = counts.map((count) => gapOf(count, took))
  const [there = 0, back = 0, byHand = 0] = gaps
  const longest = Math.max(there, back)
  const lost = counts.map((count) => `${count.lost.length} of ${count.sent}`)
  return {
    scenario: 'failover',
    maxMs: round(longest),
    floorMs: round(byHand),
    ratio: round(longest / byHand),
    notes: [
      `without an answer for ${Math.round(there)} ms and ${Math.round(back)} ms, one way and back; a tunnel by hand for ${Math.round(byHand)} ms: the same relay carried it, and its two ends were given the other one as soon as that was dead`,
      `pings lost: ${lost[0]} one way, ${lost[1]} back, ${lost[2]} by hand`,
    ],
  }
}

/** The longest time without an answer, at the pace that the pings really had. */
function gapOf(count: PingCount, took: number): number {
  const pace = Math.max(PING_MS, took / count.sent)
  return longestRun(count) * pace
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
