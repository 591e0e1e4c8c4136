import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { installRedisLog } from '../../src/log/redis/install.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { openSource } from '../../src/log/source.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { describeContract, type Engine } from '../log/contract.ts'
import { appendAll, scratch } from '../log/fixture.ts'
import { type RedisSite, startCluster, startSingle, startWithSentinels } from './site.ts'

const SITES = [
  ['Redis, one server', startSingle],
  ['Redis, Sentinel', startWithSentinels],
  ['Redis, Cluster', startCluster],
] as const

for (const [name, start] of SITES) {
  describe(name, () => {
    let site: RedisSite
    before(async () => {
      site = await start()
    })
    after(() => site[Symbol.asyncDispose]())
    it('takes in a log as a whole', async () => {
      await using dir = await scratch()
      await using embedded = await openSqliteLog(dir.log)
      await appendAll(embedded, 1, 5)
      using source = openSource(dir.log)
      const options = { urls: site.urls, realm: randomUUID(), level: 'strict', writer: 'w' } as const
      const installed = await installRedisLog(source, options, { now: 0 })
      assert.deepEqual(installed, { head: embedded.head(), wasThere: false })
      await using log = await openRedisLog(options)
      assert.deepEqual(await log.refresh(), embedded.head())
    })
    describeContract(name, async () => newEngine(site), { histories: 8 })
  })
}

/** Each test has a realm of its own on servers that all share. */
function newEngine({ urls }: RedisSite): Engine {
  const realm = randomUUID()
  return {
    open: () => openRedisLog({ urls, realm, level: 'strict', writer: randomUUID() }),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
