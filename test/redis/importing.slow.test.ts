import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { MAIN, weft } from '../cli/fixture.ts'
import { appendAll, collect, scratch } from '../log/fixture.ts'
import { writeExportOf } from '../log/whole.ts'
import { eventually } from '../rig.ts'
import { type RedisSite, startWithSentinels } from './site.ts'
import { optionsFor } from './writers.ts'

const ENTRIES = 3_000

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
    assert.deepEqual([again.code, /ends with entry 3010/.test(again.stderr)], [6, true], again.stderr)
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

  async function imports(realm: string): Promise<boolean> {
    const { code, stderr } = await weft(args(realm), { env: environment() })
    if (code === 6) assert.match(stderr, /Another import into this realm/)
    else assert.deepEqual([code, stderr], [0, ''])
    return code === 0
  }
})
