import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { parseSite } from '../../src/log/redis/address.ts'
import { openRedisLog, type RedisLog } from '../../src/log/redis/log.ts'
import { locate } from '../../src/log/redis/place.ts'
import { FaultProxy } from '../chaos/proxy.ts'
import { change } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import type { RedisServer } from './server.ts'
import { PRIMARY_NAME, type RedisSite, startWithSentinels } from './site.ts'
import { optionsFor } from './writers.ts'

/** Milliseconds in which a controller has asked Sentinels again, at least once. */
const ASKED_AGAIN = 1_500
const LIMIT = 20_000

describe('At strict', () => {
  let site: RedisSite
  let primary: RedisServer
  let replicas: readonly RedisServer[]
  before(async () => {
    site = await startWithSentinels(2)
    primary = await site.primary()
    replicas = site.servers.filter((server) => server !== primary)
  })
  after(() => site?.[Symbol.asyncDispose]())

  it('replicas that follow have to have a change also when the Sentinels were told to forget them', async () => {
    await using stack = new AsyncDisposableStack()
    const proxies = await Promise.all(site.sentinels.map(({ port }) => FaultProxy.to(port)))
    for (const proxy of proxies) stack.use(proxy)
    const urls = proxies.map(({ port }) => `redis+sentinel://127.0.0.1:${port}/${PRIMARY_NAME}`)
    await using log = await openRedisLog(optionsFor(site, 'forgotten', { urls }))
    await eventually('changes go', () => takes(log), LIMIT)
    for (const sentinel of site.sentinels) await sentinel.call('SENTINEL', 'RESET', PRIMARY_NAME)
    assert.deepEqual((await locate(parseSite(site.urls), 'tag')).promotable, [], 'they forgot')
    await wait(ASKED_AGAIN)
    for (const proxy of proxies) {
      proxy.requests = { kind: 'drop' }
      proxy.cut()
    }
    for (const replica of replicas) replica.freeze()
    await primary.call('CLIENT', 'KILL', 'TYPE', 'replica')
    const taken = []
    for (let again = 0; again < 3; again++) taken.push(await takes(log))
    assert.deepEqual(taken, [false, false, false], 'changes that only the primary has')
    for (const replica of replicas) replica.thaw()
    for (const proxy of proxies) proxy.heal()
    await eventually('changes go again', () => takes(log), LIMIT)
  })
})

async function takes(log: RedisLog): Promise<boolean> {
  const next = log.head().sequence + 1
  return log.append(next - 1, change(next)).then(
    () => true,
    () => false,
  )
}
