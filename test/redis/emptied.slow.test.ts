import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openRedisLog, RedisLog } from '../../src/log/redis/log.ts'
import { FaultProxy } from '../chaos/proxy.ts'
import { appendAll } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { startSingle } from './site.ts'
import { asUser } from './user.ts'
import { optionsFor } from './writers.ts'

const META = '{weft:test}:meta'
const LIMIT = 15_000

it('no log is begun on a server that was emptied while another controller is connected to it, however slow that one is', async () => {
  await using site = await startSingle()
  await using proxy = await FaultProxy.to(site.server.port)
  const urls = [`redis://127.0.0.1:${proxy.port}`]
  await using fresh = await (async () => {
    await using log = await openRedisLog(optionsFor(site, 'test', { urls }))
    await appendAll(log, 1, 2)
    // It does not see what becomes of the server, nor can it say anything.
    proxy.requests = { kind: 'drop' }
    await site.server.call('FLUSHALL')
    const other = new RedisLog(optionsFor(site, 'test'))
    const isTold = () => /has no log, but another controller/.test(other.refusal?.message ?? '')
    await eventually('the new one is told', isTold, LIMIT)
    assert.equal(await site.server.call('EXISTS', META), 0)
    return other
  })()
  proxy.cut()
  await eventually('a new log is begun once nobody is there', () => fresh.refusal === undefined, LIMIT)
  assert.equal(fresh.head().sequence, 0)
})

it('a server that is emptied beside controllers that run is armed by none that starts at the same moment', async () => {
  await using site = await startSingle()
  await using log = await openRedisLog(optionsFor(site, 'test'))
  await appendAll(log, 1, 2)
  await site.server.call('FLUSHALL')
  const starting = [1, 2, 3].map(() => new RedisLog(optionsFor(site, 'test')))
  await using stack = new AsyncDisposableStack()
  for (const one of starting) stack.use(one)
  const isLost = () => log.refusal?.code === 'log-damaged'
  await eventually('the one that runs sees what is lost', isLost, LIMIT)
  const areTold = () =>
    starting.every(({ refusal }) => /controller acknowledged entry 2/.test(refusal?.message ?? ''))
  await eventually('the others are told', areTold, LIMIT)
  assert.equal(await site.server.call('EXISTS', META), 0)
})

it('a new log is begun beside who listens to all channels; who listens to its own is named by what ends it', async () => {
  await using site = await startSingle()
  await using watcher = await site.server.client()
  await watcher.redis.psubscribe('*')
  {
    await using log = await openRedisLog(optionsFor(site, 'test'))
    await appendAll(log, 1, 2)
  }
  await site.server.call('FLUSHALL')
  await using stranger = await site.server.client()
  const id = await stranger.redis.client('ID')
  await stranger.redis.subscribe('{weft:test}:bell')
  await using fresh = new RedisLog(optionsFor(site, 'test'))
  fresh.opened.catch(() => undefined)
  const named = new RegExp(`CLIENT KILL ID\\..*\\(id ${id}, channels: 1\\)`)
  await eventually('it is named', () => named.test(fresh.refusal?.advice ?? ''), LIMIT)
  assert.equal(await site.server.call('EXISTS', META), 0)
  await site.server.call('CLIENT', 'KILL', 'ID', id)
  await eventually('it is begun', () => fresh.refusal === undefined, LIMIT)
})

it('whoever listens to all channels keeps a new log from being begun only where the user may not ask who listens, and is told', async () => {
  await using site = await startSingle()
  await using watcher = await site.server.client()
  await watcher.redis.psubscribe('*')
  const urls = await asUser(site, 'before', ['-pubsub', '-client'])
  await using fresh = new RedisLog(optionsFor(site, 'test', { urls }))
  fresh.opened.catch(() => undefined)
  const isTold = () => /a program with PSUBSCRIBE counts/.test(fresh.refusal?.advice ?? '')
  await eventually('it is told', isTold, LIMIT)
  await site.server.call('ACL', 'SETUSER', 'before', '+pubsub|numsub')
  await eventually('it is begun', () => fresh.refusal === undefined, LIMIT)
})
