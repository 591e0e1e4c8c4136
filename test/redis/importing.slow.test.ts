import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, mock } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { WeftError } from '../../src/errors.ts'
import type { Head } from '../../src/log/log.ts'
import { installRedisLog } from '../../src/log/redis/install.ts'
import { type Keys, keysOf } from '../../src/log/redis/keys.ts'
import { Link } from '../../src/log/redis/link.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { openSource } from '../../src/log/source.ts'
import type { Source } from '../../src/log/transfer.ts'
import { MAIN, weft } from '../cli/fixture.ts'
import { appendAll, collect, scratch } from '../log/fixture.ts'
import { compacted, writeExportOf } from '../log/whole.ts'
import { eventually } from '../rig.ts'
import type { RedisServer } from './server.ts'
import { type RedisSite, startWithSentinels } from './site.ts'
import { optionsFor } from './writers.ts'

const ENTRIES = 3_000
const DOCUMENT = readFileSync(join(import.meta.dirname, '../../deploy/replicas.md'), 'utf8')
const HEADINGS = [...DOCUMENT.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading)
/** The advice on what is to be removed names a heading that is there. */
const REMOVING = new RegExp(HEADINGS.find((heading) => /removing/.test(heading)) ?? 'no such heading')

describe('A log that is imported into Redis', () => {
  let site: RedisSite
  let dir: Awaited<ReturnType<typeof scratch>>
  let file: string
  before(async () => {
    dir = await scratch()
    file = join(dir.path, 'log.jsonl')
    await writeExportOf(dir.log, ENTRIES, file)
    site = await startWithSentinels(1)
  })
  after(async () => {
    await site?.[Symbol.asyncDispose]()
    await dir?.[Symbol.asyncDispose]()
  })

  const args = (realm: string) => ['log', 'import', file, '--redis-realm', realm]
  const environment = () => ({ WEFT_STORE: 'redis', WEFT_REDIS_URLS: site.urls.join(',') })
  const arrived = async (key: string) => Number(await (await site.primary()).call('XLEN', key))

  it('by a command that is killed on the way is not there, and there as a whole the next time', async () => {
    const env = { ...process.env, ...environment() }
    const child = spawn(process.execPath, [MAIN, ...args('killed')], { env, stdio: 'ignore' })
    const ended = once(child, 'exit')
    await eventually(
      'it is on its way',
      async () => (await arrived('{weft:killed}:import:log')) > 600,
      20_000,
    )
    child.kill('SIGKILL')
    await ended
    assert.ok((await arrived('{weft:killed}:import:log')) < ENTRIES)
    assert.equal(await (await site.primary()).call('EXISTS', '{weft:killed}:meta'), 0)

    await eventually('its place is free', () => imports('killed'), 25_000)
    await using log = await openRedisLog(optionsFor(site, 'killed'))
    assert.equal(log.head().sequence, ENTRIES)
    assert.equal((await collect(log.read(1))).length, ENTRIES)
    await eventually('changes go', () => log.refusal === undefined)
    await appendAll(log, ENTRIES + 1, ENTRIES + 10)
    const left = await (await site.primary()).call('KEYS', '{weft:killed}:import:*')
    assert.deepEqual(left, [])
    const again = await weft(args('killed'), { env: environment() })
    const continued =
      /continues this one: it has its entries up to 3000, all of them confirmed, and ends with entry 3010/
    assert.deepEqual([again.code, continued.test(again.stderr)], [6, true], again.stderr)
    assert.doesNotMatch(again.stderr, /remov/)
    await using another = await scratch()
    await using _ = await compacted(another.log)
    const other = { code: 'already-exists', message: /another log .* entry 3010/, advice: REMOVING }
    await assert.rejects(install(another.log, 'killed'), other)
  })

  it('goes on when a replica is away for a while', async () => {
    const primary = await site.primary()
    const replica = site.servers.find((server) => server !== primary)
    assert.ok(replica)
    const outcome = weft(args('away'), { env: environment() })
    await eventually('it is on its way', async () => (await arrived('{weft:away}:import:log')) > 600, 20_000)
    replica.freeze()
    await wait(1_300)
    replica.thaw()
    const { code, stderr } = await outcome
    assert.deepEqual([code, stderr], [0, ''])
    await using log = await openRedisLog(optionsFor(site, 'away'))
    assert.equal(log.head().sequence, ENTRIES)
  })

  it('goes on too when it is away just when a log from which entries were dropped begins', async () => {
    await using old = await scratch()
    await using log = await compacted(old.log)
    using _ = await away('{weft:begins}:import:meta', 2_500)
    assert.deepEqual(await install(old.log, 'begins'), { head: log.head(), wasThere: false })
  })

  it('is there when it moved in but nobody confirmed it: done again, the import says so', async () => {
    await using old = await scratch()
    await using log = await compacted(old.log)
    const replica = await theReplica()
    const moving = Link.prototype.moveIn
    const move = mock.method(Link.prototype, 'moveIn', function (this: Link, ...to: [Head, Keys]) {
      replica.freeze()
      return moving.apply(this, to)
    })
    const import_ = { newEpoch: true, patience: 500 }
    try {
      await assert.rejects(install(old.log, 'moved', import_), {
        code: 'store-unavailable',
        message: /^The log was put there, whole, up to entry 41, but is not confirmed yet: .*Redis/,
      })
    } finally {
      move.mock.restore()
      replica.thaw()
    }
    const { head, wasThere } = await install(old.log, 'moved', { newEpoch: true })
    assert.deepEqual([head.sequence, wasThere], [41, true])
    const isKept = { code: 'already-exists', message: /continues this one.* up to 40, .* entry 41/ }
    await assert.rejects(install(old.log, 'moved'), isKept)
    const { head: same } = await install(old.log, 'moved', { newEpoch: true })
    assert.deepEqual(same, head)
    assert.ok(log.head().sequence < head.sequence)

    // Gone while the source is read, and while it is confirmed, as when a replica is promoted that never had it.
    const told = {
      code: 'store-unavailable',
      message: /was there, whole, up to entry \d+, but is not any more/,
    }
    const empty = async () => (await site.primary()).call('UNLINK', ...keysOf('moved').all)
    using source = openSource(old.log)
    const slow: Source = {
      ...source,
      async *read(from) {
        await empty()
        yield* source.read(from)
      },
    }
    await assert.rejects(installRedisLog(slow, optionsFor(site, 'moved'), { now: 0, newEpoch: true }), told)
    assert.equal((await install(old.log, 'moved')).wasThere, false)
    const claiming = Link.prototype.claim
    const claim = mock.method(Link.prototype, 'claim', async function (this: Link, sequence: number) {
      await empty()
      await claiming.call(this, sequence)
    })
    await assert.rejects(install(old.log, 'moved'), told)
    claim.mock.restore()
    assert.equal(await (await site.primary()).call('EXISTS', keysOf('moved').meta), 0, 'none is begun')
    assert.equal((await install(old.log, 'moved')).wasThere, false)
  })

  it('leaves its place to the next when it fails, and not only when that was killed', async () => {
    await using old = await scratch()
    await using _ = await compacted(old.log)
    const settle = mock.method(Link.prototype, 'moveIn', async () => {
      throw new WeftError('conflict', 'It fails.')
    })
    await assert.rejects(install(old.log, 'again'), { message: 'It fails.' })
    settle.mock.restore()
    assert.equal((await install(old.log, 'again')).head.sequence, 40)
  })

  it('is not said to be another one where entries were dropped that would tell', async () => {
    await using old = await scratch()
    await using _ = await compacted(old.log)
    await using log = await openRedisLog(optionsFor(site, 'dropped'))
    await eventually('changes go', () => log.refusal === undefined)
    await appendAll(log, 1, 45)
    await log.keepSnapshot({ ...log.head(), state: new Uint8Array([1]), signature: 's' })
    await log.compact(45)
    await assert.rejects(install(old.log, 'dropped'), {
      code: 'already-exists',
      message: /ends with entry 45, and has dropped the entries that would tell/,
      advice: /^Leave it there/,
    })
  })

  it('destroys nothing of a log that lost what says where it ends, or a part of that', async () => {
    await using old = await scratch()
    await using _ = await compacted(old.log)
    const call = async (...words: [string, ...string[]]) => (await site.primary()).call(...words)
    const key = (name: string) => `{weft:left}:${name}`
    const contents = () =>
      Promise.all([call('XRANGE', key('log'), '-', '+'), call('HGETALL', key('operations'))])
    {
      await using log = await openRedisLog(optionsFor(site, 'left'))
      await eventually('changes go', () => log.refusal === undefined)
      await appendAll(log, 1, 9)
    }
    const before = await contents()
    const harms: [harm: [string, ...string[]], told: { readonly code: string; readonly message: RegExp }][] =
      [
        [['HDEL', key('meta'), 'hash'], { code: 'log-damaged', message: /does not say where it ends/ }],
        [
          ['DEL', key('meta')],
          { code: 'already-exists', message: /left of one is there: 9 entries, 9 operations and 0 pieces/ },
        ],
        [
          ['SET', key('leases'), 'mine'],
          { code: 'log-damaged', message: /\{weft:left\}:leases is of another type/ },
        ],
      ]
    await call('DEL', key('leases'))
    for (const [harm, told] of harms) {
      await call(...harm)
      await assert.rejects(install(old.log, 'left'), told)
      assert.deepEqual(await contents(), before)
      assert.deepEqual(await call('KEYS', key('import:*')), [], 'nothing was begun')
    }
    await call('DEL', key('leases'), key('log'))
    await assert.rejects(install(old.log, 'left'), { message: /0 entries, 9 op/, advice: REMOVING })
  })

  it('does not move in over what came to its place meanwhile', async () => {
    await using old = await scratch()
    await using _ = await compacted(old.log)
    const primary = await site.primary()
    const moving = Link.prototype.moveIn
    const move = mock.method(Link.prototype, 'moveIn', async function (this: Link, ...to: [Head, Keys]) {
      await primary.call('HSET', '{weft:came}:operations', 'x', '1')
      return moving.apply(this, to)
    })
    try {
      await assert.rejects(install(old.log, 'came'), { code: 'already-exists', message: /0 entries, 1 op/ })
    } finally {
      move.mock.restore()
    }
    assert.deepEqual(await primary.call('HGETALL', '{weft:came}:operations'), ['x', '1'])
  })

  it('comes out again by what only reads, at any settings and from a replica too', async () => {
    const primary = await site.primary()
    const replica = site.servers.find((server) => server !== primary)
    assert.ok(replica)
    const data = join(dir.path, 'reading')
    const read = (server: string, realm: string) => {
      const env = { WEFT_STORE: 'redis', WEFT_REDIS_URLS: `redis://${server}`, WEFT_DATA_DIR: data }
      return weft(['log', 'export', '--redis-realm', realm, '--output', join(dir.path, server)], { env })
    }
    const held = async () =>
      Promise.all([primary.call('DBSIZE'), primary.call('HGETALL', '{weft:away}:meta')])
    const before = await held()
    assert.equal((await read(primary.place, 'nowhere')).code, 5)
    await primary.call('CONFIG', 'SET', 'appendfsync', 'everysec')
    try {
      for (const server of [primary, replica]) {
        const { code, stderr } = await read(server.place, 'away')
        assert.deepEqual([code, stderr], [0, ''])
      }
    } finally {
      await primary.call('CONFIG', 'SET', 'appendfsync', 'always')
    }
    assert.deepEqual(await held(), before, 'nothing was written')
    await assert.rejects(readdir(data), { code: 'ENOENT' })
    await mkdir(join(dir.path, 'copy'))
    const copy = await weft([
      'log',
      'import',
      join(dir.path, replica.place),
      '--data-dir',
      join(dir.path, 'copy'),
    ])
    assert.match(copy.stdout, new RegExp(`^head +${ENTRIES}:`))
  })

  it('comes out of a replica that was left behind, or with an end that nobody confirmed, only when told so', async () => {
    const [primary, replica] = [await site.primary(), await theReplica()]
    const read = (server: RedisServer, ...more: readonly string[]) => {
      const env = { WEFT_STORE: 'redis', WEFT_REDIS_URLS: `redis://${server.place}` }
      return weft(['log', 'export', '--redis-realm', 'away', ...more], { env })
    }
    const durable = (sequence: number) =>
      primary.call('HSET', '{weft:away}:meta', 'durable', String(sequence))
    await durable(ENTRIES - 2)
    const knows = async () => Number(await replica.call('HGET', '{weft:away}:meta', 'durable')) < ENTRIES
    await eventually('the replica has it', knows)
    // They would set it right before a slow machine has read it.
    for (const sentinel of site.sentinels) sentinel.freeze()
    await replica.call('REPLICAOF', '127.0.0.1', '1')
    const [first, second, told] = await Promise.all([
      read(primary),
      read(replica),
      read(replica, '--as-it-is'),
    ])
    await replica.call('REPLICAOF', ...primary.place.split(':'))
    for (const sentinel of site.sentinels) sentinel.thaw()
    await durable(ENTRIES)
    const unconfirmed = /Nobody has confirmed entries 2999 to 3000: it is not known/
    const lost = /is a replica of 127\.0\.0\.1:1 and has not heard of it for \d+ s/
    assert.deepEqual([first.code, first.stdout, unconfirmed.test(first.stderr)], [6, '', true], first.stderr)
    assert.deepEqual([second.code, second.stdout], [6, ''])
    for (const doubt of [unconfirmed, lost]) {
      assert.match(second.stderr, doubt)
      assert.match(told.stderr, new RegExp(`^warning: .*${doubt.source}`, 'm'))
    }
    assert.deepEqual([told.code, told.stdout.trim().split('\n').length], [0, ENTRIES + 2])
  })

  async function theReplica(): Promise<RedisServer> {
    const primary = await site.primary()
    const replica = site.servers.find((server) => server !== primary)
    assert.ok(replica)
    return replica
  }

  /** Lets the replica stand still for so many ms as soon as there is this key. */
  async function away(key: string, milliseconds: number): Promise<Disposable> {
    const [primary, replica] = [await site.primary(), await theReplica()]
    const stop = new AbortController()
    const isThere = async () => stop.signal.aborted || (await primary.call('EXISTS', key)) === 1
    const done = eventually(key, isThere, 10_000).then(async () => {
      replica.freeze()
      await wait(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined)
      replica.thaw()
    })
    done.catch(() => undefined)
    return { [Symbol.dispose]: () => stop.abort() }
  }

  async function install(
    path: string,
    realm: string,
    more: Partial<Parameters<typeof installRedisLog>[2]> = {},
  ) {
    using source = openSource(path)
    return await installRedisLog(source, optionsFor(site, realm), { now: 0, ...more })
  }

  async function imports(realm: string): Promise<boolean> {
    const { code, stderr } = await weft(args(realm), { env: environment() })
    if (code === 6) assert.match(stderr, /Another import into this realm/)
    else assert.deepEqual([code, stderr], [0, ''])
    return code === 0
  }
})
