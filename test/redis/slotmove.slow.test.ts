import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { report, runs } from '../chaos/runs.ts'
import { eventually } from '../rig.ts'
import type { RedisServer } from './server.ts'
import { type RedisSite, startCluster } from './site.ts'
import { countsOf, optionsFor, Writers } from './writers.ts'

it('a log whose slot moves from node to node of a Cluster under three writers loses nothing', async () => {
  await using site = await startCluster()
  await using writers = await Writers.start(3, () => optionsFor(site, 'test'))
  const moves = runs(1, 20)
  for (let move = 0; move < moves; move++) {
    const before = writers.acknowledged
    await eventually('changes go', () => writers.acknowledged > before + 50, 30_000)
    const [from, to] = [await site.primary(), await otherPrimary(site)]
    await moveSlot(site, from, to)
    assert.equal(await site.primary(), to)
  }
  const before = writers.acknowledged
  await eventually('changes go again', () => writers.acknowledged > before + 50, 30_000)
  const figures = await writers.stop()
  await using log = await openRedisLog(optionsFor(site, 'test'))
  await writers.check(log)
  report('the slot of the log moved to another node of a Cluster', { moves, ...countsOf(figures) })
})

async function otherPrimary(site: RedisSite): Promise<RedisServer> {
  const own = await site.primary()
  for (const server of site.servers)
    if (server !== own && (await server.info('replication', 'role')) === 'master') return server
  return assert.fail('there is one primary only')
}

/** As `redis-cli --cluster reshard` does it (https://redis.io/docs/latest/commands/cluster-setslot/). */
async function moveSlot(site: RedisSite, from: RedisServer, to: RedisServer): Promise<void> {
  const slot = Number(await from.call('CLUSTER', 'KEYSLOT', 'weft:test'))
  const [fromId, toId] = await Promise.all(
    [from, to].map(async (one) => String(await one.call('CLUSTER', 'MYID'))),
  )
  assert.ok(fromId && toId)
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId)
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId)
  for (;;) {
    const keys = await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 3)
    if (!Array.isArray(keys) || keys.length === 0) break
    // Some at a time, so that for a while a part of the log is here and a part there.
    await from.call('MIGRATE', to.host, to.port, '', 0, 10_000, 'KEYS', ...keys.map(String))
  }
  for (const server of [to, from, ...site.servers]) {
    const isPrimary = (await server.info('replication', 'role')) === 'master'
    if (isPrimary) await server.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
  }
}
