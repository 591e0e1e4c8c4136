import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { freePort } from '../port.ts'
import { eventually } from '../rig.ts'
import { type Fake, list, serverThat } from './fake.ts'
import { RedisServer } from './server.ts'
import { takes } from './takes.ts'
import { optionsFor } from './writers.ts'

const LIMIT = 20_000

it('Sentinels that speak of servers by host names mean those that the primary knows by address', async () => {
  await using stack = new AsyncDisposableStack()
  const primary = stack.use(await RedisServer.start())
  const replica = stack.use(await RedisServer.start({ replicaof: `127.0.0.1 ${primary.port}` }))
  const sentinels: Fake[] = []
  // As after a failover: some have heard of it by one name and some by the other.
  for (const host of ['localhost', '127.0.0.1', 'localhost'])
    sentinels.push(stack.use(await sentinelThatSays(host, primary.port, replica.port)))
  const urls = sentinels.map(({ port }) => `redis+sentinel://127.0.0.1:${port}/weft`)
  await using log = await openRedisLog(optionsFor({ urls }, 'test'))
  await eventually('changes go', () => takes(log), LIMIT)
  const { link } = log
  const [first] = sentinels
  await first?.[Symbol.asyncDispose]()
  await wait(1_500)
  assert.equal(await takes(log), true)
  assert.equal(log.link, link, 'the next one has another name for the same server')
  replica.freeze()
  assert.equal(await takes(log), false)
  replica.thaw()
  await eventually('changes go again', () => takes(log), LIMIT)
  const announced = { 'replica-announce-ip': '127.0.0.1', 'replica-announce-port': String(primary.port) }
  const stray = stack.use(await RedisServer.start({ replicaof: `127.0.0.1 ${primary.port}`, ...announced }))
  const other = `Who answers at ${primary.place} is not the Redis replica that follows by that address.`
  await eventually(
    'it names one that goes by the name of the primary',
    () => log.refusal?.message === other,
    LIMIT,
  )
  await stray.kill()
  await eventually('changes go again', () => takes(log), LIMIT)
})

it('a node of a Cluster that the primary knows by another address is named, and known again where both lead to it', async () => {
  await using stack = new AsyncDisposableStack()
  const start = async (more = {}) => {
    const bus = String(await freePort())
    const cluster = {
      'cluster-enabled': 'yes',
      'cluster-port': bus,
      'cluster-announce-ip': '127.0.0.2',
      'cluster-allow-replica-migration': 'no',
    }
    const server = await RedisServer.start({ ...cluster, bind: '127.0.0.1 127.0.0.2', ...more })
    return { server: stack.use(server), bus }
  }
  // As one behind a translation of addresses: nobody else gets to where it seems to be.
  const [primary, replica] = [await start(), await start({ 'replica-announce-port': '1' })]
  await primary.server.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
  await replica.server.call('CLUSTER', 'MEET', '127.0.0.2', primary.server.port, primary.bus)
  const id = String(await primary.server.call('CLUSTER', 'MYID'))
  const follows = () => replica.server.call('CLUSTER', 'REPLICATE', id).catch(() => false)
  await eventually('it follows', follows, LIMIT)
  const nodes = [primary, replica].map(({ server }) => server)
  for (const node of nodes)
    await eventually(
      'the Cluster is whole',
      async () => /cluster_state:ok/.test(String(await node.call('CLUSTER', 'INFO'))),
      LIMIT,
    )
  const attached = () => primary.server.info('replication', 'slave0')
  await eventually('it is attached', async () => /port=1,state=online/.test(await attached()), LIMIT)

  const urls = nodes.map(({ port }) => `redis+cluster://127.0.0.1:${port}`)
  await using log = await openRedisLog(optionsFor({ urls }, 'test'))
  const place = `127.0.0.2:${replica.server.port}`
  const isNamed = () => log.refusal?.message.includes(`is missing: ${place}`)
  await eventually('the refusal names it', isNamed, LIMIT)
  assert.match(log.refusal?.advice ?? '', /the primary calls 127\.0\.0\.1:1, set replica-announce-ip/)
  assert.equal(await takes(log), false)
  await replica.server.call('CONFIG', 'SET', 'replica-announce-port', replica.server.port)
  await primary.server.call('CLIENT', 'KILL', 'TYPE', 'replica')
  await eventually('changes go', () => takes(log), LIMIT)
})

/** One that knows both servers under this host. */
function sentinelThatSays(host: string, primary: number, replica: number): Promise<Fake> {
  const server = (port: number) => ['ip', host, 'port', String(port)]
  return serverThat((command) => {
    if (/GET-MASTER-ADDR/.test(command)) return list([host, String(primary)])
    if (/REPLICAS/.test(command)) return `*1\r\n${list([...server(replica), 'slave-priority', '100'])}`
    return list([...server(primary), 'config-epoch', '7'])
  })
}
