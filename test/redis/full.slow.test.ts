import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { change } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import type { RedisServer } from './server.ts'
import { startSingle, startWithSentinels } from './site.ts'
import { takes } from './takes.ts'
import { optionsFor } from './writers.ts'

/** Milliseconds in which a controller has looked at the settings of all servers again. */
const INSPECTED_AGAIN = 2_500
/** More than who tests and who follows have. */
const MOST = 40

describe('A Redis server that takes no more connections', () => {
  it('and is a replica that follows by one it has stops no changes, and ends no controller that starts', async () => {
    await using site = await startWithSentinels(2)
    const primary = await site.primary()
    const replica = site.servers.find((server) => server !== primary)
    assert.ok(replica)
    await using log = await openRedisLog(optionsFor(site, 'test'))
    await eventually('changes go', () => takes(log), 10_000)
    {
      await using _full = await fill(replica)
      const until = performance.now() + INSPECTED_AGAIN
      while (performance.now() < until) assert.equal(await takes(log), true, log.refusal?.message)
      await using fresh = await openRedisLog(optionsFor(site, 'test'))
      const silent = `The Redis server ${replica.place} does not answer.`
      await eventually('it says why', () => fresh.refusal?.message === silent, 5_000)
      assert.equal(fresh.refusal?.code, 'store-unavailable')
    }
    await eventually('changes go again', () => takes(log), 10_000)
  })

  it('and was set otherwise takes no changes, by name, on the link that stands and is read on', async () => {
    await using site = await startSingle()
    const { server } = site
    await using log = await openRedisLog(optionsFor(site, 'test'))
    assert.equal(await takes(log), true)
    const { link } = log
    {
      await using _full = await fill(server)
      const until = performance.now() + INSPECTED_AGAIN
      while (performance.now() < until) {
        await assert.rejects(log.append(log.head().sequence, change(9_999)), {
          code: 'store-unavailable',
          message: `The Redis server ${server.place} does not answer.`,
        })
        assert.equal((await log.look('op-9999')).entry, undefined)
        assert.match(log.refusal?.advice ?? '', /maxclients/)
        await wait(20)
      }
    }
    await eventually('changes go again', () => takes(log), 10_000)
    assert.equal(log.link, link)
  })
})

/** Takes all connections that a server has left, which sets it otherwise. */
async function fill(server: RedisServer): Promise<AsyncDisposable> {
  const client = await server.client()
  const limit = (most: number) => client.redis.call('CONFIG', 'SET', 'maxclients', String(most))
  await limit(MOST)
  const sockets = Array.from({ length: MOST }, () =>
    connect(server.port, server.host).on('error', () => undefined),
  )
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await limit(10_000)
      await client[Symbol.asyncDispose]()
    },
  }
}
