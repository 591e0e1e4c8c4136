import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { eventually } from '../rig.ts'
import { endSlowRewrite, SLOW_REWRITE } from './rewriting.ts'
import { RedisServer } from './server.ts'
import { startWithSentinels } from './site.ts'
import { takes } from './takes.ts'
import { optionsFor } from './writers.ts'

/** Milliseconds in which a controller has looked at the settings of all servers again. */
const INSPECTED_AGAIN = 2_500

it('one more that begins to follow stops no change, also while a replica writes its file anew', async () => {
  await using site = await startWithSentinels(2)
  const primary = await site.primary()
  const replica = site.servers.find((server) => server !== primary)
  assert.ok(replica)
  await using log = await openRedisLog(optionsFor(site, 'test'))
  await eventually('changes go', () => takes(log), 10_000)
  await replica.call('CONFIG', 'SET', ...SLOW_REWRITE)
  await wait(INSPECTED_AGAIN)
  await using _over = { [Symbol.asyncDispose]: () => endSlowRewrite(replica) }
  await replica.call('BGREWRITEAOF')
  const { link } = log
  const place = `${primary.host} ${primary.port}`
  await using more = await RedisServer.start({ replicaof: place, 'replica-priority': '0' })
  const goes = async () => assert.equal(await takes(log), true, log.refusal?.message)
  const follows = async () => {
    await goes()
    return (await more.info('replication', 'master_link_status')) === 'up'
  }
  await eventually('it follows', follows, 20_000)
  for (const end = performance.now() + INSPECTED_AGAIN; performance.now() < end; await wait(10)) await goes()
  assert.equal(await replica.info('persistence', 'aof_rewrite_in_progress'), '1')
  assert.equal(log.link, link)
})
