import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { openRedisLog, type RedisLog } from '../../src/log/redis/log.ts'
import { headAt, sealSnapshot, startingState } from '../../src/log/snapshot.ts'
import { applyEntry } from '../../src/model/apply.ts'
import { encodeState } from '../../src/model/codec.ts'
import { emptyState } from '../../src/model/state.ts'
import { appendAll, change, collect, FIRST, signing } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { startSingle } from './site.ts'
import { optionsFor } from './writers.ts'

/** @param from the state at the base of the log */
async function snapshotOf(log: RedisLog, at: number, from = emptyState) {
  let state = from
  for await (const entry of log.read(from.sequence + 1))
    if (entry.sequence <= at) state = applyEntry(state, entry)
  const bytes = new Uint8Array(Buffer.from([...encodeState(state)].join('')))
  return sealSnapshot(await headAt(log, at), bytes, signing)
}

describe('A log on Redis of which', () => {
  let site: Awaited<ReturnType<typeof startSingle>>
  before(async () => {
    site = await startSingle()
  })
  after(() => site?.[Symbol.asyncDispose]())

  const call = (...words: [string, ...(string | number)[]]) => site.server.call(...words)
  const key = (realm: string, name: string) => `{weft:${realm}}:${name}`
  const open = (realm: string) => openRedisLog(optionsFor(site, realm))
  const damages: [title: string, harm: (realm: string) => Promise<unknown>, told: RegExp][] = [
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
      'the hash was deleted',
      (realm) => call('HDEL', key(realm, 'meta'), 'hash'),
      /does not say where it ends/,
    ],
    [
      'all was deleted that says where it ends, but not who armed it',
      (realm) => call('HDEL', key(realm, 'meta'), 'sequence', 'hash', 'durable', 'baseSequence', 'baseHash'),
      /does not say where it ends/,
    ],
    [
      'what says where it ends was deleted',
      (realm) => call('DEL', key(realm, 'meta')),
      /lost its data|does not say/,
    ],
  ]

  for (const name of ['meta', 'operations', 'refusals', 'log']) {
    const harm = async (realm: string) => {
      await call('DEL', key(realm, name))
      await call('SET', key(realm, name), 'x')
    }
    const title = `somebody made '${name}' something else`
    damages.push([title, harm, new RegExp(`\\{weft:[0-9a-f-]+\\}:${name} is of another type`)])
  }

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

  it('snapshots were altered begins with the one that is whole, keeps the next, and drops nothing for the others', async () => {
    const realm = randomUUID()
    await using log = await open(realm)
    await log.append(0, FIRST)
    for (let number = 2; number <= 9; number++) await log.append(number - 1, change(number))
    await log.keepSnapshot(await snapshotOf(log, 6))
    const snapshots = key(realm, 'snapshots')
    const header = String(await call('HGET', snapshots, '6'))
    await call('HSET', snapshots, '3', 'garbage', '8', header, '99', header, '99:0', 'x')
    const { state, passedOver } = await startingState(log)
    assert.deepEqual([state.sequence, passedOver.length], [6, 1])
    assert.equal((await log.compact(9)).sequence, 6)
    await log.keepSnapshot(await snapshotOf(log, 9, state))
    assert.deepEqual(
      (await log.snapshots()).map(({ sequence }) => sequence),
      [9, 6],
    )
  })

  async function takesMore(log: RedisLog, from: number): Promise<void> {
    await eventually('changes go', () => log.refusal === undefined, 5_000)
    await appendAll(log, from + 1, from + 2)
  }

  it('the clock was ahead for a while goes on all the same', async () => {
    const realm = randomUUID()
    const later = String(Date.now() + 300_000_000_000)
    await using log = await open(realm)
    await appendAll(log, 1, 5)
    await call('HSET', key(realm, 'leases'), 'upkeep', `gone ${later} 150000`)
    assert.equal(await log.lease('upkeep', 1_000), true)
    await using other = await open(realm)
    assert.equal(await other.lease('upkeep', 1_000), false)
    assert.equal(await other.lease('upkeep', 0), false, 'what one does not have one cannot give back')
    assert.equal(await log.lease('upkeep', 1_000), true)

    await call('HSET', key(realm, 'claims'), 'gone', `99:${later}`)
    await call('HSET', key(realm, 'meta'), 'armed', 'another')
    await using third = await open(realm)
    await takesMore(third, 5)
    assert.deepEqual(await call('HGET', key(realm, 'claims'), 'gone'), null)

    // As if it had jumped by eleven minutes since.
    await third.refuse('refused')
    const earlier = String(Date.now() - 660_000)
    await call('ZADD', key(realm, 'refusals'), earlier, 'refused')
    await third.refuse('another')
    assert.equal(await call('ZSCORE', key(realm, 'refusals'), 'refused'), earlier)
  })

  async function hasSixth(realm: string): Promise<boolean> {
    const found = await call('XRANGE', key(realm, 'log'), '6-0', '6-0').catch(() => [])
    return Array.isArray(found) && found.length > 0
  }
})
