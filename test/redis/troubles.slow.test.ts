import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openRedisLog, type RedisLog } from '../../src/log/redis/log.ts'
import type { RedisNews } from '../../src/log/redis/options.ts'
import { report, runs } from '../chaos/runs.ts'
import { appendAll, change } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { LoopDelay } from './loopdelay.ts'
import { endSlowRewrite, SLOW_REWRITE } from './rewriting.ts'
import type { RedisServer } from './server.ts'
import { startSingle, startWithSentinels } from './site.ts'
import { countsOf, optionsFor, Writers } from './writers.ts'

/** Milliseconds in which a change that cannot be made has to be refused, besides those for which nobody could run. */
const REFUSAL_LIMIT = 3_000

describe('A Redis server', () => {
  it('that stands still, or answers slowly, costs refusals in time and loses nothing', async () => {
    await using site = await startSingle()
    await using writers = await Writers.start(3, () => optionsFor(site, 'test'))
    await eventually('changes go', () => writers.acknowledged > 50)
    writers.resetPauses()
    using delay = new LoopDelay()
    site.server.freeze()
    await wait(5_000)
    site.server.thaw()
    const then = writers.acknowledged
    await eventually('changes go again', () => writers.acknowledged > then + 50, 10_000)
    for (let stutter = 0; stutter < 10; stutter++) {
      site.server.freeze()
      await wait(250)
      site.server.thaw()
      await wait(100)
    }
    const figures = await writers.stop()
    assert.ok(
      figures.slowestAnswer < REFUSAL_LIMIT + delay.most,
      `an answer took ${figures.slowestAnswer} ms`,
    )
    await using log = await openRedisLog(optionsFor(site, 'test'))
    const found = await writers.check(log)
    report('Redis server that stands still, and stutters', { runs: 1, ...countsOf(figures, found) })
  })

  it('that is killed and comes back with its data is armed again', async () => {
    await using site = await startSingle()
    await using writers = await Writers.start(2, () => optionsFor(site, 'test', { level: 'restart-only' }))
    const kills = runs(3, 20)
    for (let kill = 0; kill < kills; kill++) {
      const before = writers.acknowledged
      await eventually('changes go', () => writers.acknowledged > before + 50, 10_000)
      await site.server.kill()
      await wait(200)
      await site.server.start()
    }
    const before = writers.acknowledged
    await eventually('changes go again', () => writers.acknowledged > before + 50, 10_000)
    const figures = await writers.stop()
    await using log = await openRedisLog(optionsFor(site, 'test', { level: 'restart-only' }))
    const found = await writers.check(log)
    report('single Redis server killed and started again', { kills, ...countsOf(figures, found) })
  })

  it('without memory refuses changes and gives reads; with memory again it takes them', async () => {
    await using site = await startSingle()
    await using log = await openRedisLog(optionsFor(site, 'test'))
    await appendAll(log, 1, 20)
    await site.server.call('CONFIG', 'SET', 'maxmemory', '1mb')
    await assert.rejects(log.append(20, change(21)), { code: 'store-unavailable', message: /memory/ })
    assert.equal((await log.find('op-20'))?.sequence, 20)
    await site.server.call('CONFIG', 'SET', 'maxmemory', '0')
    await eventually('changes go again', () => takes(log, 21), 5_000)
    assert.equal(log.head().sequence, 21)
  })

  for (const [title, forget] of [
    ['flushed', (server: RedisServer) => server.call('FLUSHALL')],
    ['restarted empty', restartEmpty],
  ] as const) {
    it(`that was ${title} takes nothing from who knows better, now and after a restart`, async () => {
      await using site = await startSingle()
      await using dir = await scratchDir()
      const options = () => optionsFor(site, 'test', { journal: join(dir.path, 'journal.json') })
      await using log = await openRedisLog(options())
      await appendAll(log, 1, 30)
      await forget(site.server)
      await eventually('it is noticed', () => refuses(log, /lost its data/), 5_000)
      await assert.rejects(log.append(30, change(31)), { code: 'log-damaged' })
      assert.equal(log.head().sequence, 30, 'what was known is still there')
      const [entry] = await firstOf(log)
      assert.equal(entry?.operation, 'op-1')
      await log[Symbol.asyncDispose]()
      await assert.rejects(openRedisLog(options()), { code: 'log-damaged', message: /lost its data/ })
      const keys = await site.server.call('KEYS', '*')
      assert.deepEqual(keys, ['{weft:test}:claims'], 'only what it acknowledged was told to others')
      const claims = await site.server.call('HVALS', '{weft:test}:claims')
      assert.match(String(claims), /^30:\d+(,30:\d+)*$/)
    })
  }

  it('that lost its last entries gets them back from a controller that has them', async () => {
    await using site = await startSingle()
    await using dir = await scratchDir()
    await using log = await openRedisLog(
      optionsFor(site, 'test', { journal: join(dir.path, 'journal.json') }),
    )
    await appendAll(log, 1, 20)
    await cp(join(site.server.dir, 'data'), join(dir.path, 'old'), { recursive: true })
    const later = await appendAll(log, 21, 40)
    await site.server.kill()
    await rm(join(site.server.dir, 'data'), { recursive: true })
    await cp(join(dir.path, 'old'), join(site.server.dir, 'data'), { recursive: true })
    await site.server.start()
    await eventually('changes go again', () => takes(log, 41), 10_000)
    await using other = await openRedisLog(optionsFor(site, 'test'))
    assert.equal(other.head().sequence, 41)
    assert.deepEqual(await other.find('op-40'), later.at(-1)?.entry)
  })

  it('that is an older copy, or holds another history, is refused by one that has only its file', async () => {
    await using site = await startSingle()
    await using dir = await scratchDir()
    const journal = join(dir.path, 'journal.json')
    await using log = await openRedisLog(optionsFor(site, 'test', { journal }))
    await appendAll(log, 1, 20)
    await cp(join(site.server.dir, 'data'), join(dir.path, 'old'), { recursive: true })
    await appendAll(log, 21, 40)
    await log[Symbol.asyncDispose]()
    await site.server.kill()
    await rm(join(site.server.dir, 'data'), { recursive: true })
    await cp(join(dir.path, 'old'), join(site.server.dir, 'data'), { recursive: true })
    await site.server.start()
    await assert.rejects(openRedisLog(optionsFor(site, 'test', { journal })), {
      code: 'log-damaged',
      message: /ends at entry 20, but entry 40 was acknowledged/,
    })
    // What it claimed counts for ten seconds.
    await site.server.call('DEL', '{weft:test}:claims')
    await using stranger = await openRedisLog(optionsFor(site, 'test'))
    await appendAll(stranger, 101, 130)
    await assert.rejects(openRedisLog(optionsFor(site, 'test', { journal })), {
      code: 'log-damaged',
      message: /Entry 40 .* is not the one/,
    })
  })
})

describe('The settings of Redis servers', () => {
  for (const [name, value, wanted] of [
    ['appendonly', 'no', 'yes'],
    ['appendfsync', 'everysec', 'always'],
    ['maxmemory-policy', 'allkeys-lru', 'noeviction'],
  ] as const) {
    it(`are refused with ${name} ${value}`, async () => {
      await using site = await startSingle({ [name]: value })
      await assert.rejects(openRedisLog(optionsFor(site, 'test')), {
        code: 'invalid-config',
        field: 'redisLevel',
        message: new RegExp(`${name} '${value}'`),
        advice: new RegExp(`'${wanted}'`),
      })
    })
  }

  it('are not enough where a server is still writing its first file: no log is begun before that stands', async () => {
    await using site = await startSingle({ appendonly: 'no' })
    await site.server.call('SET', 'other', 'x')
    await site.server.call('CONFIG', 'SET', ...SLOW_REWRITE)
    await site.server.configure('appendonly yes')
    await site.server.call('CONFIG', 'SET', 'appendonly', 'yes')
    const refusals: string[] = []
    const told = (news: RedisNews) => void (news.kind === 'refusing' && refusals.push(news.reason.message))
    const opening = openRedisLog(optionsFor(site, 'test', { tell: told }))
    const early = `The Redis server ${site.server.place} writes its append-only file anew.`
    await eventually('it says why', () => refusals.includes(early), 5_000)
    assert.equal(await site.server.call('EXISTS', '{weft:test}:meta'), 0)
    await endSlowRewrite(site.server)
    await using log = await opening
    await eventually('changes go', () => takes(log, 1), 15_000)
    await site.server.kill()
    await site.server.start()
    await eventually('it is there still', () => takes(log, 2), 15_000)
    assert.equal((await log.find('op-1'))?.sequence, 1)
  })

  it('are asked for again before the next change counts, once somebody has set any: its file may be begun anew', async () => {
    await using site = await startSingle()
    await using client = await site.server.client()
    const set = (name: string, value: string) => client.redis.call('CONFIG', 'SET', name, value)
    await using log = await openRedisLog(optionsFor(site, 'test'))
    await appendAll(log, 1, 5)
    const { link } = log
    await set(...SLOW_REWRITE)
    assert.equal(await takes(log, 6), true, 'what does not matter costs nobody a change')
    await set('appendfsync', 'everysec')
    await assert.rejects(log.append(6, change(7)), {
      code: 'store-unavailable',
      message: `The Redis server ${site.server.place} has appendfsync 'everysec'.`,
    })
    assert.equal(log.refusal?.code, 'invalid-config', 'who keeps the server is told what to set')
    await set('appendfsync', 'always')
    await eventually('changes go again', () => takes(log, 7), 10_000)
    assert.equal(log.link, link, 'on a new one all who follow would be looked at anew')

    await Promise.all(['no', 'yes'].map((value) => set('appendonly', value)))
    const early = `The Redis server ${site.server.place} writes its append-only file anew.`
    await assert.rejects(log.append(7, change(8)), { code: 'store-unavailable', message: early })
    await endSlowRewrite(site.server)
    await eventually('changes go again', () => takes(log, 8), 10_000)
    await log[Symbol.asyncDispose]()
    await site.server.kill()
    await site.server.start()
    await using after = await openRedisLog(optionsFor(site, 'test'))
    assert.equal(after.head().sequence, 8)
  })

  it('are refused with a replica that somebody may promote; one of priority 0 is let be', async () => {
    await using site = await startWithSentinels(1)
    const [primary, replica] = site.servers
    assert.ok(primary && replica)
    const alone = { ...site, urls: [`redis://${primary.place}`] }
    await assert.rejects(openRedisLog(optionsFor(alone, 'test')), {
      code: 'invalid-config',
      message: /may be promoted/,
    })
    await assert.rejects(openRedisLog(optionsFor(site, 'test', { level: 'restart-only' })), {
      code: 'invalid-config',
      message: /may be promoted/,
    })
    await replica.call('CONFIG', 'SET', 'replica-priority', '0')
    await using log = await openRedisLog(optionsFor(alone, 'test'))
    await appendAll(log, 1, 3)
  })
})

describe('A replica that is missing', () => {
  it('stops changes at strict, and no reads; available goes on while one is there', async () => {
    await using site = await startWithSentinels(2)
    await using strict = await openRedisLog(optionsFor(site, 'one'))
    await using available = await openRedisLog(optionsFor(site, 'two', { level: 'available' }))
    await appendAll(strict, 1, 5)
    await appendAll(available, 1, 5)
    const primary = await site.primary()
    const replica = site.servers.find((server) => server !== primary)
    assert.ok(replica)
    await replica.kill()
    await eventually('strict refuses', () => refuses(strict, /replica/), 5_000)
    // Nothing is waited for that is known not to come.
    await assert.rejects(strict.refuse('op-9'), { message: `A Redis replica is missing: ${replica.place}.` })
    assert.equal((await strict.find('op-5'))?.sequence, 5)
    assert.equal((await available.append(5, change(6))).entry.sequence, 6)
    await site.revive(replica)
    await eventually('strict goes on', () => takes(strict, 6), 15_000)
  })

  it('and comes back with other settings does not count until they are right', async () => {
    await using site = await startWithSentinels(1)
    const primary = await site.primary()
    const replica = site.servers.find((server) => server !== primary)
    assert.ok(replica)
    await replica.kill()
    await using log = await openRedisLog(optionsFor(site, 'test'))
    await replica.configure('appendonly no')
    await site.revive(replica)
    const isNamed = () => log.refusal?.message.includes("has appendonly 'no'")
    await eventually('the refusal names the setting', isNamed, 15_000)
    assert.match(log.refusal?.message ?? '', new RegExp(replica.place))
    assert.equal(await takes(log, 1), false)
    await assert.rejects(log.refresh(), { message: /has appendonly 'no'/ })
    await replica.call('CONFIG', 'SET', 'appendonly', 'yes')
    await eventually('changes go', () => takes(log, 1), 15_000)
  })
})

async function restartEmpty(server: RedisServer): Promise<void> {
  await server.kill()
  await server.empty()
  await server.start()
}

async function takes(log: RedisLog, number: number): Promise<boolean> {
  return log.append(log.head().sequence, change(number)).then(
    () => true,
    () => false,
  )
}

async function refuses(log: RedisLog, message: RegExp): Promise<boolean> {
  return log.append(log.head().sequence, change(9_999)).then(
    () => false,
    (error: Error) => message.test(error.message),
  )
}

async function firstOf(log: RedisLog) {
  for await (const entry of log.read(1)) return [entry]
  return []
}

async function scratchDir(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'weft-trouble-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
