// Measures one controller and eight agents with real tunnels in network namespaces, and prints what it found:
//   node test/e2e/figures.ts
// It takes two minutes. Other work on the machine shows in the times.

import { cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { Daemon } from '../../src/lab/daemon.ts'
import { startAgent } from '../../src/lab/weft.ts'
import { createNetwork, DEMO, type Demo, joinAll, memberOf, openDemo, settled } from './demo.ts'
import { costOf, percentile } from './measure.ts'
import { assertAllAnswer, type Direction, underTraffic } from './traffic.ts'

const NODES = 8
const ADDS = 50
const REST_SECONDS = 60
/** After the last change, for the looks that it brings about. */
const CALM_MS = 10_000
const AWAY_MS = 500

async function main(): Promise<void> {
  say(`${NODES} nodes, WireGuard as this machine has it, ${cpus().length} processors`)
  await using demo = await openDemo({ nodes: NODES })
  await createNetwork(demo.client, { name: DEMO })
  const agents = await joinAll(demo.client, demo.nodes, [DEMO])
  await assertAllAnswer(demo.nodes, await settled(demo.client, DEMO, NODES))
  await measureAdds(demo)
  await measureLosses(demo, agents)
  await measureRest(demo, agents)
}

/** From the call to the word of every member that it has applied the new plan. */
async function measureAdds({ client }: Demo): Promise<void> {
  const newcomer = `node-${NODES}`
  const answered: number[] = []
  const applied: number[] = []
  for (let add = 0; add < ADDS; add += 1) {
    await client.call('removeMember', { path: { network: DEMO, node: newcomer } })
    await settled(client, DEMO, NODES - 1)
    const start = performance.now()
    await client.call('addMember', { path: { network: DEMO }, body: { node: newcomer } })
    answered.push(performance.now() - start)
    const members = () => client.list('listMembers', { path: { network: DEMO } })
    while (!(await members()).every(({ state }) => state === 'applied')) await wait(1)
    applied.push(performance.now() - start)
    await settled(client, DEMO, NODES)
  }
  say(`member add, answer by REST: ${quantiles(answered)}`)
  say(`member add, applied on all ${NODES} members: ${quantiles(applied)}`)
}

async function measureLosses(demo: Demo, agents: Daemon[]): Promise<void> {
  const members = await settled(demo.client, DEMO, NODES)
  await assertAllAnswer(demo.nodes, members)
  const direction = (from: number, to: number): Direction => [
    demo.lab.host(`node-${from}`),
    memberOf(members, demo.lab.host(`node-${to}`)).ipv4,
  ]
  const controller = await underTraffic([direction(1, 2), direction(2, 1), direction(3, 4)], async () => {
    await wait(AWAY_MS)
    await demo.killController()
    await wait(AWAY_MS)
    await demo.startController()
  })
  say(`controller killed -9 and started again: ${losses(controller.counts)}`)
  await settled(demo.client, DEMO, NODES)
  const agent = await underTraffic([direction(1, 3), direction(3, 1), direction(4, 1)], async () => {
    await wait(AWAY_MS)
    await agents[0]?.stop('SIGKILL', 5_000)
    await wait(AWAY_MS)
    agents[0] = await startAgent(demo.lab.host('node-1'), { device: 'auto' })
    await wait(3_000)
  })
  say(`agent killed -9 and started again: ${losses(agent.counts)}`)
  await settled(demo.client, DEMO, NODES)
}

async function measureRest({ controller }: Demo, agents: readonly Daemon[]): Promise<void> {
  await wait(CALM_MS)
  const daemons = [...agents, controller.daemon]
  const before = daemons.map(costOf)
  await wait(REST_SECONDS * 1_000)
  const after = daemons.map(costOf)
  const cpu = after.map(({ cpuSeconds }, at) => cpuSeconds - (before[at]?.cpuSeconds ?? 0))
  const memory = after.map(({ residentMegabytes }) => residentMegabytes)
  for (const [name, from, to] of [
    ['agents', 0, NODES],
    ['controller', NODES, NODES + 1],
  ] as const) {
    say(
      `${name} at rest, CPU seconds in ${REST_SECONDS} s, with those of the programs they ran: ${range(cpu.slice(from, to), 2)}`,
    )
    say(`${name} at rest, resident memory in MB: ${range(memory.slice(from, to), 0)}`)
  }
}

function quantiles(times: readonly number[]): string {
  const [p50, p99] = [0.5, 0.99].map((share) => `${Math.round(percentile(times, share))} ms`)
  return `p50 ${p50}, p99 ${p99}, of ${times.length}`
}

function losses(counts: readonly { readonly sent: number; readonly lost: readonly number[] }[]): string {
  return counts.map(({ sent, lost }) => `${lost.length} of ${sent} pings lost`).join(', ')
}

function range(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits))
  return least === most ? `${least}` : `${least} to ${most}`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main()
