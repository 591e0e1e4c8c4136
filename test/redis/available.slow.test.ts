import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { openRedisLog } from '../../src/log/redis/log.ts'
import type { RedisNews } from '../../src/log/redis/options.ts'
import { FaultProxy } from '../chaos/proxy.ts'
import { appendAll, change, scratch } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { RedisServer } from './server.ts'
import { startSingle } from './site.ts'
import { optionsFor } from './writers.ts'

it('at the level `available` a controller names the acknowledged changes that are gone, and ends', async () => {
  await using dir = await scratch()
  await using site = await startSingle()
  await using _ = await RedisServer.start({ replicaof: site.server.place.replace(':', ' ') })
  const follows = async () => (await site.server.info('replication', 'connected_slaves')) === '1'
  await eventually('the replica follows', follows, 15_000)
  await using proxy = await FaultProxy.to(site.server.port)
  const told: RedisNews[] = []
  const urls = [`redis://127.0.0.1:${proxy.port}`]
  const available = { level: 'available', tell: (news: RedisNews) => void told.push(news) } as const
  await using log = await openRedisLog({ ...optionsFor(site, 'test', available), urls })
  await eventually('changes go', () => told.some(({ kind }) => kind === 'accepting'), 10_000)
  await appendAll(log, 1, 20)
  const old = join(dir.path, 'old')
  await cp(site.server.data, old, { recursive: true })
  await appendAll(log, 21, 24)

  // The worst that a failover does: it goes on with a server that is behind, and somebody else writes there at once.
  proxy.requests = { kind: 'drop' }
  proxy.cut()
  await site.server.kill()
  await rm(site.server.data, { recursive: true })
  await cp(old, site.server.data, { recursive: true })
  await site.server.start()
  await using stranger = await openRedisLog(optionsFor(site, 'test', { level: 'available' }))
  const goesOn = () =>
    stranger.append(20, change(121)).then(
      () => true,
      () => false,
    )
  await eventually('it goes on with another history', goesOn, 15_000)
  await appendAll(stranger, 122, 130)
  proxy.heal()

  const lost = await eventually('it is told', () => told.find((news) => news.kind === 'lost'), 15_000)
  assert.match(lost.reason.message, /Entry 24 .* is not the one that was acknowledged/)
  const named = [21, 22, 23, 24].map((number) => ({ sequence: number, operation: `op-${number}` }))
  assert.deepEqual(lost.entries, named)
  assert.equal((await log.failed).code, 'log-damaged')
})
