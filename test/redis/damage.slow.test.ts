import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { openRedisLog, type RedisLog } from '../../src/log/redis/log.ts'
import { appendAll, change, collect } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { startSingle } from './site.ts'
import { optionsFor } from './writers.ts'

describe('A log on Redis of which', () => {
  let site: Awaited<ReturnType<typeof startSingle>>
  before(async () => {
    site = await startSingle()
  })
  after(() => site?.[Symbol.asyncDispose]())

  const call = (...words: [string, ...(string | number)[]]) => site.server.call(...words)
  const key = (realm: string, name: string) => `{weft:${realm}}:${name}`
  const open = (realm: string) => openRedisLog(optionsFor(site, realm))
  const damages: readonly (readonly [
    title: string,
    harm: (realm: string) => Promise<unknown>,
    told: RegExp,
  ])[] = [
    ['the entries were deleted', (realm) => call('DEL', key(realm, 'log')), /last entry is not/],
    ['one entry was deleted', (realm) => call('XDEL', key(realm, 'log'), '3-0'), /entries are missing/],
    ['the last entry was deleted', (realm) => call('XDEL', key(realm, 'log'), '5-0'), /last entry is not/],
    [
      'the operations were deleted',
      (realm) => call('DEL', key(realm, 'operations')),
      /list of its operations/,
    ],
    [
      'the hash was altered',
      (realm) => call('HSET', key(realm, 'meta'), 'hash', '1'.repeat(64)),
      /last entry is (not|another)|Entry 5 .* is not the one/,
    ],
    [
      'the end was altered',
      (realm) => call('HSET', key(realm, 'meta'), 'sequence', 'x'),
      /does not say where it ends/,
    ],
    [
      'what says where it ends was deleted',
      (realm) => call('DEL', key(realm, 'meta')),
      /lost its data|does not say/,
    ],
  ]

  for (const [title, harm, told] of damages) {
    it(`${title} takes no changes, from who knows it and from who comes`, async () => {
      const realm = randomUUID()
      await using log = await open(realm)
      await appendAll(log, 1, 5)
      await harm(realm)
      const isTold = async () => {
        const error = await log.append(5, change(6)).catch((reason: unknown) => reason)
        return error instanceof Error && told.test(error.message)
      }
      await eventually('it is told', isTold, 5_000)
      await eventually('it goes on being told', () => told.test(log.refusal?.message ?? ''), 5_000)
      assert.equal((await collect(log.read(1))).length, 5, 'what is known is given')
      await assert.rejects(open(realm), { code: 'log-damaged', message: told })
      assert.equal(await hasSixth(realm), false)
    })
  }

  it('the hash was altered is known to be so before anybody asks for a change', async () => {
    const realm = randomUUID()
    await using log = await open(realm)
    await appendAll(log, 1, 5)
    await call('HSET', key(realm, 'meta'), 'hash', '1'.repeat(64))
    await eventually('it refuses', () => log.refusal?.code === 'log-damaged', 5_000)
  })

  it('entries were dropped, all of them too, is whole', async () => {
    const realm = randomUUID()
    await using log = await open(realm)
    await appendAll(log, 1, 5)
    await log.keepSnapshot({ ...log.head(), state: new Uint8Array([1]), signature: 's' })
    await log.compact(5)
    await takesMore(log, 5)
    await log.compact(7)
    await using other = await open(realm)
    await takesMore(other, 7)
  })

  async function takesMore(log: RedisLog, from: number): Promise<void> {
    await eventually('changes go', () => log.refusal === undefined, 5_000)
    await appendAll(log, from + 1, from + 2)
  }

  async function hasSixth(realm: string): Promise<boolean> {
    const found = await call('XRANGE', key(realm, 'log'), '6-0', '6-0')
    return Array.isArray(found) && found.length > 0
  }
})
