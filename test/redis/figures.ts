/**
 * `node test/redis/figures.ts`: what one fsync costs, and how many durable member additions a second a controller takes over
 * HTTPS by 50 connections when its log is on one Redis server at `strict`. Nothing else should run meanwhile.
 */
import { fileURLToPath } from 'node:url'
import { createNetwork } from '../../src/controller/commands/network.ts'
import { joinNode } from '../../src/controller/commands/node.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import { Ledger } from '../../src/controller/ledger/ledger.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import type { State } from '../../src/model/state.ts'
import { startHelper } from '../bench/helper.ts'
import type { CallerCalls } from '../bench/stage/caller-process.ts'
import { startFloor } from '../bench/stage/floor.ts'
import { spread } from '../bench/stage/timing.ts'
import { ReplicaFleet } from './fleet.ts'
import { startSingle } from './site.ts'
import { optionsFor } from './writers.ts'

const CALLER = fileURLToPath(new URL('../bench/stage/caller-process.ts', import.meta.url))
const NODES = 800
const NETWORKS = 12
/** Of the networks, those whose additions are not counted, for the code is not compiled yet. */
const WARM_UP = 3

await using site = await startSingle()
await using probe = await site.server.client()
const durable = await medianOfSets(1_000)
await probe.redis.call('CONFIG', 'SET', 'appendfsync', 'no')
const lazy = await medianOfSets(1_000)
await probe.redis.call('CONFIG', 'SET', 'appendfsync', 'always')
process.stdout.write(`one SET, one after the other: ${durable} ms with an fsync, ${lazy} ms without\n`)

process.stdout.write(`the log alone, by 50 callers: ${await changesASecond(20_000)}\n`)

await using fleet = await ReplicaFleet.start(site, 1, { logLevel: 'error' })
const { controller, port } = fleet.at(0)
const token = await controller.change({ actor: 'bench' }, (state, tools) =>
  createJoinToken(state, tools, { uses: NODES }),
)
if (token.repeated) throw new Error('unreachable')
const secret = Buffer.from(token.result.secret.expose()).toString()
const ids = await Promise.all(
  Array.from({ length: NODES }, async (_, at) => {
    const { signing, sealing, id } = new Identity(new SecretBytes(systemRandom(32)))
    const input = { publicKey: signing.publicKey, sealingKey: sealing.publicKey, secret, name: `node-${at}` }
    await controller.change({ actor: 'bench' }, (state, tools) => joinNode(state, tools, input))
    return id
  }),
)
const names = Array.from({ length: NETWORKS }, (_, at) => `net-of-${at}`)
for (const [at, name] of names.entries())
  await controller.change({ actor: 'bench' }, (state, tools) =>
    createNetwork(state, tools, { name, ipv4: `10.${at}.0.0/16`, nodePrefixLength: 28 }),
  )
const requests = names.map((name) =>
  ids.map((node) => [`/v1/networks/${name}/members`, JSON.stringify({ node })] as const),
)
await using caller = await startHelper<CallerCalls>(CALLER)
const common = { token: fleet.token, connections: 50, port }
await caller.call('post', { ...common, requests: requests.slice(0, WARM_UP).flat() })
const counted = requests.slice(WARM_UP).flat()
const floor = await startFloor()
const floorPort = await floor.call('openRest', { redisPort: site.server.port })
await caller.call('post', { ...common, port: floorPort, requests: requests.slice(0, WARM_UP).flat() })
const plain = await caller.call('post', { ...common, port: floorPort, requests: counted })
await floor[Symbol.asyncDispose]()
const cpu = [process.cpuUsage(), process.threadCpuUsage()] as const
const ours = await caller.call('post', { ...common, requests: counted })
const [spent, spentHere] = [process.cpuUsage(cpu[0]), process.threadCpuUsage(cpu[1])].map(
  ({ user, system }) => Math.round((user + system) / counted.length),
)
process.stdout.write(
  `${rateOf(ours)}; CPU of the controller for each: ${spent} µs, ${spentHere} µs of it on its main thread\n`,
)
process.stdout.write(
  `floor ${rateOf(plain)}: the same HTTPS and one XADD each, in groups, without keys, checks and schemas\n`,
)

function rateOf({ took, times }: Awaited<ReturnType<CallerCalls['post']>>): string {
  const { p50Ms, p99Ms } = spread(times)
  const rate = Math.round((times.length / took) * 1_000)
  return `${rate} durable additions a second of ${times.length}; p50 ${p50Ms} ms, p99 ${p99Ms} ms`
}

/** Changes without REST, keys and checks: what the log takes. */
async function changesASecond(count: number): Promise<string> {
  await using log = await openRedisLog(optionsFor(site, 'alone'))
  const ledger = await Ledger.open(log, new AbortController().signal, () => undefined)
  let left = count
  const start = performance.now()
  const call = async () => {
    while (left-- > 0) {
      const request = { actor: 'bench', operation: `op-${left}`, at: Date.now() }
      const raise = ({ epoch }: State) => ({
        events: [{ type: 'epoch-raised', epoch: epoch + 1 } as const],
        result: undefined,
      })
      await ledger.change(request, raise)
    }
  }
  const cpu = process.cpuUsage()
  await Promise.all(Array.from({ length: 50 }, call))
  const { user, system } = process.cpuUsage(cpu)
  const rate = Math.round((count / (performance.now() - start)) * 1_000)
  return `${rate} changes a second, ${Math.round((user + system) / count)} µs of CPU each`
}

async function medianOfSets(count: number): Promise<number> {
  const took: number[] = []
  for (let at = 0; at < count; at++) {
    const start = performance.now()
    await probe.redis.set('figure', at)
    took.push(performance.now() - start)
  }
  return Math.round((took.toSorted((a, b) => a - b)[count / 2] ?? 0) * 1_000) / 1_000
}
