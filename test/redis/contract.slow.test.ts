import { randomUUID } from 'node:crypto'
import { after, before, describe } from 'node:test'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { describeContract, type Engine } from '../log/contract.ts'
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
