import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHelper } from '../helper.ts'
import { type Result, round, type Scenario } from '../scenario.ts'
import type { CallerCalls } from '../stage/caller-process.ts'
import { BenchController } from '../stage/controller.ts'
import { startFloor } from '../stage/floor.ts'
import { identityOf, settle } from '../stage/population.ts'
import { median, spread } from '../stage/timing.ts'

const CALLER = fileURLToPath(new URL('../stage/caller-process.ts', import.meta.url))
const CONNECTIONS = 50
const NODES = 1_000
const NETWORKS = 16
/** Of the networks, those whose additions are not counted, for the code is not compiled yet. */
const WARM_UP = 3

/** Every node into every network, in no order that would help. */
export const rest: Scenario = {
  name: 'rest',
  work: `durable member additions over HTTPS by ${CONNECTIONS} connections`,
  goal: '> 3,000 a second, p99 < 30 ms',
  async run({ agents: nodes = NODES, profile, say }) {
    say(`rest: ${nodes} nodes into ${NETWORKS} networks`)
    const names = Array.from({ length: NETWORKS }, (_, at) => `net-of-${at}`)
    const networks = names.map((name, at) => ({ name, ipv4: `10.${at}.0.0/16`, members: 0 }))
    await using population = await settle({ nodes, networks })
    await using controller = await BenchController.start(population, { profile })
    await using floor = await startFloor()
    await using caller = await startHelper<CallerCalls>(CALLER)
    const requests = names.map((name) => requestsFor(name, nodes))
    const [first, counted] = [requests.slice(0, WARM_UP).flat(), requests.slice(WARM_UP).flat()]
    const common = { token: population.adminToken, connections: CONNECTIONS }
    const floorPort = await floor.call('openRest', join(population.dataDir, 'floor.db'))
    const post = (port: number, list: typeof counted) =>
      caller.call('post', { ...common, port, requests: list })
    await post(floorPort, first)
    await post(controller.port, first)
    const spent = () =>
      Promise.all([floor.call('cpu'), controller.call('cpu'), controller.call('mainCpu')] as const)
    const before = await spent()
    const plain = await post(floorPort, counted)
    const ours = await controller.profiled(`rest-${nodes}`, () => post(controller.port, counted))
    const [floorCost, cost, mainCost] = (await spent()).map((after, at) =>
      Math.round(((after - (before[at] ?? 0)) / counted.length) * 1_000),
    )
    const [rate, floorRate] = [ours, plain].map(({ took }) => Math.round((counted.length / took) * 1_000))
    return [
      {
        scenario: 'rest',
        ...spread(ours.times),
        floorMs: round(median(plain.times)),
        ratio: round(ours.took / plain.took),
        rssMb: round(await controller.call('residentMemory')),
        notes: [
          `${rate} a second of ${counted.length} additions; floor ${floorRate}: the same HTTP and one row each in SQLite, committed in groups, without keys, checks and schemas`,
          `CPU of the server for each: ${cost} µs, ${mainCost} µs of it on its main thread; floor ${floorCost} µs`,
        ],
      },
    ] satisfies Result[]
  },
}

function requestsFor(network: string, nodes: number): (readonly [string, string])[] {
  return Array.from({ length: nodes }, (_, index) => [
    `/v1/networks/${network}/members`,
    JSON.stringify({ node: identityOf(index).id }),
  ])
}
