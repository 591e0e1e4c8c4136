import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { report, runs } from '../chaos/runs.ts'
import { eventually } from '../rig.ts'
import type { RedisServer } from './server.ts'
import { type RedisSite, startCluster } from './site.ts'
import { asUser, denied, REALM } from './user.ts'
import { countsOf, optionsFor, Writers } from './writers.ts'

/** Milliseconds for what the writers do once the log is moved: find it and arm it. */
const LONGEST_OWN_PAUSE = 10_000

it('a log whose slot moves from node to node of a Cluster under three writers loses nothing', async () => {
  await using site = await startCluster()
  // By a user with no more rights than it has to have.
  const urls = await asUser(site, 'weft')
  await using writers = await Writers.start(3, () => optionsFor(site, REALM, { urls }))
  const moves = runs(1, 20)
  const moreGo = (what: string) => {
    const before = writers.acknowledged
    return eventually(what, () => writers.acknowledged > before + 50, 30_000)
  }
  let longestOwn = 0
  for (let move = 0; move < moves; move++) {
    await moreGo('changes go')
    const [from, to] = [await site.primary(), await otherPrimary(site)]
    // A large log is announced long before the first of its keys moves, and nobody has to wait for that.
    const refused = writers.refused
    await announceMove(from, to)
    await moreGo('changes go while it is announced')
    assert.equal(writers.refused, refused, 'none was refused meanwhile')
    writers.resetPauses()
    await moveSlot(site, from, to)
    const moved = performance.now()
    assert.equal(await site.primary(), to)
    await moreGo('changes go again')
    longestOwn = Math.max(longestOwn, performance.now() - moved)
  }
  assert.ok(longestOwn < LONGEST_OWN_PAUSE, `a pause of ${longestOwn} ms after the move`)
  const figures = await writers.stop()
  assert.deepEqual(await denied(site), [])
  await using log = await openRedisLog(optionsFor(site, REALM))
  const found = await writers.check(log)
  report('the slot of the log moved to another node of a Cluster', {
    moves,
    ...countsOf(figures, found),
    'ms until changes go, once it was moved, at most': Math.round(longestOwn),
  })
})

async function otherPrimary(site: RedisSite): Promise<RedisServer> {
  const own = await site.primary()
  for (const server of site.servers)
    if (server !== own && (await server.info('replication', 'role')) === 'master') return server
  return assert.fail('there is one primary only')
}

/** As `redis-cli --cluster reshard` does it (https://redis.io/docs/latest/commands/cluster-setslot/), in two steps. */
async function announceMove(from: RedisServer, to: RedisServer): Promise<void> {
  const slot = await slotOf(from)
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from))
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to))
}

async function moveSlot(site: RedisSite, from: RedisServer, to: RedisServer): Promise<void> {
  const [slot, toId] = [await slotOf(from), await idOf(to)]
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

async function slotOf(server: RedisServer): Promise<number> {
  return Number(await server.call('CLUSTER', 'KEYSLOT', `weft:${REALM}`))
}

async function idOf(server: RedisServer): Promise<string> {
  return String(await server.call('CLUSTER', 'MYID'))
}
