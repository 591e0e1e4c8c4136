import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { RedisDeliveries } from '../../src/controller/webhooks/redis-deliveries.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { describeDeliveries } from '../controller/deliveries.ts'
import { type RedisSite, startSingle } from './site.ts'

describe('on Redis', () => {
  let site: RedisSite
  before(async () => {
    site = await startSingle()
  })
  after(() => site[Symbol.asyncDispose]())

  const open = (realm: string) =>
    openRedisLog({ urls: site.urls, realm, level: 'restart-only', writer: randomUUID() })

  describeDeliveries(async () => {
    const log = await open(randomUUID())
    const store = new RedisDeliveries(log)
    return { store, [Symbol.asyncDispose]: () => log[Symbol.asyncDispose]() }
  })

  it('are there for the other controllers of the same log, and for no other log', async () => {
    const realm = randomUUID()
    await using one = await open(realm)
    await using two = await open(realm)
    await using other = await open(randomUUID())
    await new RedisDeliveries(one).note('whk-a', { sequence: 4, hash: 'h' })
    assert.deepEqual(await new RedisDeliveries(two).standing('whk-a'), { sequence: 4, hash: 'h' })
    assert.equal(await new RedisDeliveries(other).standing('whk-a'), undefined)
  })
})
