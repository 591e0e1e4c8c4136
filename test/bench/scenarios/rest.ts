import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHelper } from '../helper.ts'
import { type Result, round, type Scenario } from '../scenario.ts'
import type { CallerCalls } from '../stage/caller-process.ts'
import { BenchController } from '../stage/controller.ts'
import { startFloor } from '../stage/floor.ts'
import { identityOf, type Population, settle } from '../stage/population.ts'
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
    say(`rest: ${nodes} nodes into ${2 * NETWORKS} networks`)
    const names = Array.from({ length: 2 * NETWORKS }, (_, at) => `net-of-${at}`)
    const networks = names.map((name, at) => ({ name, ipv4: `10.${at}.0.0/16`, members: 0 }))
    await using population = await settle({ nodes, networks })
    await using floor = await startFloor()
    await using caller = await startHelper<CallerCalls>(CALLER)
    const common = { token: population.adminToken, connections: CONNECTIONS }
    const post: Post = (port, requests, isPlain = false) =>
      caller.call('post', { ...common, port, isPlain, requests })
    const requests = names.map((name) => requestsFor(name, nodes))
    const [first, others] = [requests.slice(0, NETWORKS), requests.slice(NETWORKS)]
    const floorPort = await floor.call('openRest', { file: join(population.dataDir, 'floor.db') })
    await post(floorPort, warmUpOf(first))
    const ours = await measure(population, { post, requests: first, profile })
    const before = await floor.call('cpu')
    const plain = await post(floorPort, countedOf(first))
    const floorCost = ((await floor.call('cpu')) - before) / countedOf(first).length
    const bare = await measure(population, { post, requests: others, isPlain: true })
    return [
      {
        scenario: 'rest',
        ...spread(ours.times),
        floorMs: round(median(plain.times)),
        ratio: round(ours.took / plain.took),
        rssMb: round(ours.residentMemory),
        notes: [
          `${rateOf(ours)} a second of ${ours.times.length} additions; floor ${rateOf(plain)}: the same HTTPS and one row each in SQLite, committed in groups, without keys, checks and schemas`,
          `CPU of the server for each: ${ours.cost} µs, ${ours.mainCost} µs of it on its main thread; floor ${Math.round(floorCost * 1_000)} µs`,
          `over HTTP without TLS, as from a proxy on the same machine: ${rateOf(bare)} a second, p99 ${spread(bare.times).p99Ms} ms, ${bare.cost} µs of CPU each, ${bare.mainCost} µs of it on the main thread`,
        ],
      },
    ] satisfies Result[]
  },
}

type Requests = Parameters<CallerCalls['post']>[0]['requests']
type Post = (port: number, requests: Requests, isPlain?: boolean) => ReturnType<CallerCalls['post']>

interface Work {
  readonly post: Post
  /** By network. */
  readonly requests: readonly Requests[]
  readonly isPlain?: boolean
  readonly profile?: string | undefined
}

/** What a controller makes of it that was started for it. */
async function measure(population: Population, { post, requests, isPlain = false, profile }: Work) {
  const own = { insecurePlainWebsocket: isPlain }
  await using controller = await BenchController.start(population, { profile, own })
  const counted = countedOf(requests)
  await post(controller.port, warmUpOf(requests), isPlain)
  const spent = () => Promise.all([controller.call('cpu'), controller.call('mainCpu')])
  const [before, mainBefore] = await spent()
  const done = await controller.profiled('rest', () => post(controller.port, counted, isPlain))
  const [after, mainAfter] = await spent()
  const each = (milliseconds: number) => Math.round((milliseconds / counted.length) * 1_000)
  const residentMemory = await controller.call('residentMemory')
  return { ...done, cost: each(after - before), mainCost: each(mainAfter - mainBefore), residentMemory }
}

function warmUpOf(requests: readonly Requests[]): Requests {
  return requests.slice(0, WARM_UP).flat()
}

function countedOf(requests: readonly Requests[]): Requests {
  return requests.slice(WARM_UP).flat()
}

function rateOf({ times, took }: { readonly times: readonly number[]; readonly took: number }): number {
  return Math.round((times.length / took) * 1_000)
}

function requestsFor(network: string, nodes: number): (readonly [string, string])[] {
  return Array.from({ length: nodes }, (_, index) => [
    `/v1/networks/${network}/members`,
    JSON.stringify({ node: identityOf(index).id }),
  ])
}
