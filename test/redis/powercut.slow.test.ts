import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { Disk, whyNoPowerCuts } from '../chaos/disk.ts'
import { report, runs } from '../chaos/runs.ts'
import { scratch } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { RedisServer } from './server.ts'
import { startSingle } from './site.ts'
import { optionsFor, Writers } from './writers.ts'

/** A machine without power says nothing more, so the server is stopped first, wherever it is, and never runs again. */
async function cut(disk: Disk, server: RedisServer): Promise<void> {
  server.freeze()
  disk.cutPower()
  await server.kill()
  disk.powerOn()
  await server.start()
}

async function follows(primary: RedisServer): Promise<boolean> {
  return (await primary.info('replication', 'connected_slaves')) === '1'
}

/** After a full synchronisation a server begins its file anew, and has nothing on its disk until that is done. */
async function writesItsFile(server: RedisServer): Promise<boolean> {
  const names = ['aof_rewrite_in_progress', 'aof_rewrite_scheduled']
  const doing = await Promise.all(names.map((name) => server.info('persistence', name)))
  const isThere = (await server.info('replication', 'master_link_status')) === 'up'
  return isThere && doing.every((one) => one === '0')
}

describe('a power cut of the Redis server', { skip: whyNoPowerCuts() }, () => {
  it('takes nothing that was acknowledged, one after the other under two writers', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    await using site = await startSingle({}, join(disk.path, 'data'))
    await using writers = await Writers.start(2, () => optionsFor(site, 'test', { level: 'restart-only' }))
    const cuts = runs(2, 50)
    for (let run = 0; run < cuts; run++) {
      const before = writers.acknowledged
      await eventually('changes go', () => writers.acknowledged > before + 20 + ((run * 53) % 200), 20_000)
      await cut(disk, site.server)
    }
    const before = writers.acknowledged
    await eventually('changes go again', () => writers.acknowledged > before + 20, 20_000)
    const { acknowledged, unknown } = await writers.stop()
    await using log = await openRedisLog(optionsFor(site, 'test', { level: 'restart-only' }))
    const lost = acknowledged - (await writers.check(log))
    report('power cuts of Redis with appendfsync always', { cuts, acknowledged, lost, unknown })
  })

  it('of a replica takes nothing that it had confirmed: WAIT waits for its disk', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    const keys = Array.from({ length: 200 }, (_, at) => `key-${at}`)
    await using primary = (await startSingle()).server
    const config = { replicaof: primary.place.replace(':', ' ') }
    await using replica = await RedisServer.start(config, { data: join(disk.path, 'data') })
    await eventually('it follows', () => follows(primary), 15_000)
    await eventually('its file is begun', () => writesItsFile(replica), 15_000)
    await using client = await primary.client()
    for (const key of keys) await client.redis.set(key, 'x')
    assert.equal(await client.redis.wait(1, 5_000), 1)
    replica.freeze()
    await primary.kill()
    await cut(disk, replica)
    await using after = await replica.client()
    assert.equal(await after.redis.exists(...keys), keys.length)
  })

  it('takes all from a replica that has only just synchronised: its file is not begun yet, whatever it confirms', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    await using primary = (await startSingle()).server
    await using client = await primary.client()
    await client.redis.set('first', 'x')
    const slow = { replicaof: primary.place.replace(':', ' '), 'rdb-key-save-delay': '10000000' }
    await using replica = await RedisServer.start(slow, { data: join(disk.path, 'data') })
    await eventually('it follows', () => follows(primary), 15_000)
    await client.redis.set('second', 'x')
    assert.equal(await client.redis.wait(1, 5_000), 1)
    assert.equal(await writesItsFile(replica), false)
    replica.freeze()
    await primary.kill()
    await cut(disk, replica)
    await using after = await replica.client()
    assert.equal(await after.redis.exists('first', 'second'), 0)
  })

  it('does take something with appendfsync everysec, so it would show', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    await using server = (await startSingle({ appendfsync: 'everysec' }, join(disk.path, 'data'))).server
    let [cuts, acknowledged, lost] = [0, 0, 0]
    while (lost === 0 && cuts < 10) {
      const keys = Array.from({ length: 300 }, (_, at) => `${cuts}-${at}`)
      await using client = await server.client()
      for (const key of keys) await client.redis.set(key, 'x')
      await cut(disk, server)
      await using after = await server.client()
      acknowledged += keys.length
      lost += keys.length - (await after.redis.exists(...keys))
      cuts++
    }
    report('power cuts of Redis with appendfsync everysec, the control', { cuts, acknowledged, lost })
    assert.ok(lost > 0, `nothing was lost in ${cuts} cuts: this test is blind`)
  })
})
