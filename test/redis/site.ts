import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { freePort } from '../port.ts'
import { eventually } from '../rig.ts'
import { type Config, type Machine, RedisServer } from './server.ts'

/** Servers that hold one log together. */
export interface RedisSite extends AsyncDisposable {
  /** For `redisUrls`. */
  readonly urls: readonly string[]
  /** All that hold data. */
  readonly servers: readonly RedisServer[]
  readonly sentinels: readonly RedisServer[]
  /** Of the keys of the log: it decides the slot. */
  readonly tag: string
  /** The server that is the primary of the log now. */
  primary(): Promise<RedisServer>
  /**
   * Starts one that was killed as its supervisor should: where there is another primary by now it comes back as a replica
   * of that. Sentinel by itself takes eight seconds or more for it.
   */
  revive(server: RedisServer): Promise<void>
}

/**
 * Milliseconds after which a Sentinel or a node of a Cluster takes a server for gone. A Sentinel asks a new primary for the
 * first time after one second: with no more than that it takes it for gone before it can have answered, and elects another.
 */
export const DOWN_AFTER = 1_500
export const PRIMARY_NAME = 'weft-test'
const TAG = 'weft:test'

export async function startSingle(
  config: Config = {},
  data?: string,
): Promise<RedisSite & { readonly server: RedisServer }> {
  const server = await RedisServer.start(config, { data })
  return {
    server,
    urls: [`redis://${server.place}`],
    servers: [server],
    sentinels: [],
    tag: TAG,
    primary: async () => server,
    revive: (one) => one.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/**
 * A primary, replicas, and three Sentinels that agree by two.
 * @param machines the first has a Sentinel and the primary, the others a Sentinel and a replica each; none: all on loopback
 */
export async function startWithSentinels(
  replicas = 2,
  machines: readonly Machine[] = [],
): Promise<RedisSite> {
  const stack = new AsyncDisposableStack()
  const at = (index: number) => ({ machine: machines[index] })
  const first = stack.use(await RedisServer.start({}, at(0)))
  const others = await Promise.all(
    Array.from({ length: replicas }, (_, index) =>
      RedisServer.start({ replicaof: `${first.host} ${first.port}` }, at(index + 1)),
    ),
  )
  for (const other of others) stack.use(other)
  await eventually(
    'the replicas follow',
    async () => Number(await first.info('replication', 'connected_slaves')) === replicas,
    15_000,
  )
  const lines = [
    `sentinel monitor ${PRIMARY_NAME} ${first.host} ${first.port} 2`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${DOWN_AFTER}`,
    `sentinel failover-timeout ${PRIMARY_NAME} 3000`,
    `sentinel parallel-syncs ${PRIMARY_NAME} 2`,
  ]
  const sentinels = await Promise.all([0, 1, 2].map((index) => RedisServer.startSentinel(lines, at(index))))
  for (const sentinel of sentinels) stack.use(sentinel)
  for (const sentinel of sentinels)
    await eventually('the Sentinels know all', () => knowsAll(sentinel, replicas), 15_000)
  const servers = [first, ...others]
  return {
    urls: sentinels.map(({ place }) => `redis+sentinel://${place}/${PRIMARY_NAME}`),
    servers,
    sentinels,
    tag: TAG,
    primary: () => eventually('a primary', () => primaryBySentinels(sentinels, servers), 30_000),
    async revive(server) {
      const primary = await primaryBySentinels(sentinels, servers)
      if (primary && primary !== server) await server.configure(`replicaof ${primary.host} ${primary.port}`)
      await server.start()
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function knowsAll(sentinel: RedisServer, replicas: number): Promise<boolean> {
  const fields = String(await sentinel.call('SENTINEL', 'MASTER', PRIMARY_NAME)).split(',')
  const valueAt = (name: string) => fields[fields.indexOf(name) + 1]
  return valueAt('num-slaves') === String(replicas) && valueAt('num-other-sentinels') === '2'
}

async function primaryBySentinels(
  sentinels: readonly RedisServer[],
  servers: readonly RedisServer[],
): Promise<RedisServer | undefined> {
  const [sentinel] = sentinels
  const place = await sentinel?.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', PRIMARY_NAME)
  const port = Array.isArray(place) ? Number(place[1]) : 0
  const found = servers.find((server) => server.port === port && server.isRunning)
  const role = await found?.call('ROLE').catch(() => undefined)
  return Array.isArray(role) && role[0] === 'master' ? found : undefined
}

/** Three primaries, each with one replica. */
export async function startCluster(): Promise<RedisSite> {
  const stack = new AsyncDisposableStack()
  const start = async () =>
    RedisServer.start({
      'cluster-enabled': 'yes',
      'cluster-node-timeout': String(DOWN_AFTER),
      'cluster-port': String(await freePort()),
      'cluster-config-file': 'nodes.conf',
      'cluster-allow-replica-migration': 'no',
    })
  const servers = await Promise.all(Array.from({ length: 6 }, start))
  for (const server of servers) stack.use(server)
  await cli(
    '--cluster',
    'create',
    ...servers.map(({ place }) => place),
    '--cluster-replicas',
    '1',
    '--cluster-yes',
  )
  for (const server of servers) {
    await eventually(
      'the cluster is whole',
      async () =>
        (await server.info('cluster', 'cluster_enabled')) === '1' &&
        /cluster_state:ok/.test(String(await server.call('CLUSTER', 'INFO'))),
      20_000,
    )
  }
  await eventually(
    'every primary has a replica that follows',
    async () => {
      const counts = await Promise.all(
        servers.map((server) => server.info('replication', 'connected_slaves')),
      )
      return counts.filter((count) => count === '1').length === 3
    },
    20_000,
  )
  return {
    urls: servers.map(({ place }) => `redis+cluster://${place}`),
    servers,
    sentinels: [],
    tag: TAG,
    primary: () => eventually('an owner of the slot', () => ownerOf(servers, TAG), 30_000),
    revive: (server) => server.start(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function ownerOf(servers: readonly RedisServer[], tag: string): Promise<RedisServer | undefined> {
  const running = servers.filter((server) => server.isRunning)
  for (const server of running) {
    const slot = Number(await server.call('CLUSTER', 'KEYSLOT', tag))
    const nodes = String(await server.call('CLUSTER', 'NODES')).split('\n')
    const own =
      nodes
        .find((line) => line.includes('myself,master'))
        ?.split(' ')
        .slice(8) ?? []
    const isOwner = own.some((range) => {
      const [from = 0, to = from] = range.split('-').map(Number)
      return slot >= from && slot <= to
    })
    if (isOwner) return server
  }
  return undefined
}

/** Runs redis-cli. Rejects when it fails. */
async function cli(...args: readonly string[]): Promise<string> {
  const child = spawn('redis-cli', [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [said, failed] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (child.exitCode === 0) return said
  throw new Error(`redis-cli ${args.join(' ')} failed: ${said}${failed}`)
}
