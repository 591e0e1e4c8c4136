import assert from 'node:assert/strict'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { Command } from 'commander'
import { pino } from 'pino'
import { addFleetOptions, embeddedLog, openFleetSource, redisOptions } from '../../src/cli/fleetlog.ts'
import { JOURNAL_FILE } from '../../src/controller/home.ts'
import { HEAD_FILE } from '../../src/controller/ledger/kepthead.ts'
import { openStore } from '../../src/controller/ledger/openstore.ts'
import { controllerSettings } from '../../src/controller/settings.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { Journal } from '../../src/log/redis/journal.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { loadSettings } from '../../src/settings.ts'
import { appendAll, scratch } from '../log/fixture.ts'

const DEFAULTS = loadSettings(controllerSettings, { environment: {}, flags: {} })
const URL = 'redis://10.0.0.5:6379'

describe('where a log is', () => {
  afterEach(() => {
    for (const name of ['WEFT_STORE', 'WEFT_REDIS_URLS', 'WEFT_REDIS_REALM']) delete process.env[name]
  })

  it('commands learn from the environment of a controller, and from their options before that', () => {
    assert.equal(redisOptions(...parsed()), undefined)
    assert.deepEqual(redisOptions(...parsed('--redis-url', URL))?.urls, [URL])
    process.env.WEFT_STORE = 'redis'
    process.env.WEFT_REDIS_URLS = 'redis+sentinel://a/weft,redis+sentinel://b/weft'
    process.env.WEFT_REDIS_REALM = 'mine'
    const { urls, realm } = redisOptions(...parsed()) ?? {}
    assert.deepEqual([urls?.length, realm], [2, 'mine'])
    assert.deepEqual(redisOptions(...parsed('--redis-url', URL))?.urls, [URL])
    assert.equal(redisOptions(...parsed('--data-dir', 'copy')), undefined)
    assert.throws(() => embeddedLog(...parsed()), { code: 'invalid-config', message: /is on Redis/ })
  })

  it('what reads the embedded one refuses a log.db that was left behind', async () => {
    await using dir = await scratch()
    const last = await makeLog(dir.log)
    const given = parsed('--data-dir', dir.path)
    assert.equal(embeddedLog(...given), dir.log)
    const journal = join(dir.path, JOURNAL_FILE)
    const known = (sequence: number) => writeFile(journal, JSON.stringify({ ...last, sequence }))
    await known(5)
    assert.equal(embeddedLog(...given), dir.log, 'nothing was acknowledged since')
    await known(6)
    const refusal = { code: 'conflict', message: /went to Redis, where entry 6/ }
    assert.throws(() => embeddedLog(...given), refusal)
    await assert.rejects(openFleetSource(...given), refusal, 'a copy of it would pass for one of the log')
    const files = { dataDir: dir.path, headFile: join(dir.path, HEAD_FILE) }
    const start = () => openStore(DEFAULTS, files, { log: pino({ level: 'silent' }), random: systemRandom })
    const before = await readFile(dir.log)
    await assert.rejects(
      start(),
      { ...refusal, advice: /--store redis/ },
      'nor does a controller start on it',
    )
    assert.deepEqual(await readFile(dir.log), before)
    await writeFile(journal, '')
    assert.equal(embeddedLog(...given), dir.log, 'a power cut can leave it empty')
    const { store, deliveries } = await start()
    deliveries[Symbol.dispose]()
    await store[Symbol.asyncDispose]()
  })

  it('what lies beside the place where a link leads is looked at before SQLite could delete it', async () => {
    await using dir = await scratch()
    await using elsewhere = await scratch()
    await symlink(elsewhere.log, dir.log)
    await writeFile(elsewhere.log, '')
    await writeFile(`${elsewhere.log}-wal`, 'the last changes')
    const refusal = { code: 'conflict', message: /log\.db-wal lies there/ }
    assert.throws(() => embeddedLog(...parsed('--data-dir', dir.path)), refusal)
  })

  it('a journal of another realm says nothing of this one', async () => {
    await using dir = await scratch()
    const path = join(dir.path, JOURNAL_FILE)
    const head = { sequence: 7, hash: 'a'.repeat(64) }
    {
      await using journal = new Journal(path, 'one')
      journal.begin(head)
    }
    assert.equal(new Journal(path, 'one').known.sequence, 7)
    assert.equal(new Journal(path, 'two').known.sequence, 0)
    await writeFile(path, JSON.stringify(head))
    assert.equal(new Journal(path, 'two').known.sequence, 7, 'that of an earlier version may be of it')
    await writeFile(path, '\n')
    assert.equal(new Journal(path, 'two').known.sequence, 0)
    await writeFile(path, '{"x":1}')
    assert.throws(() => new Journal(path, 'two'), { code: 'invalid-config' })
  })
})

function parsed(...args: readonly string[]): [{ readonly dataDir: string }, Command] {
  const command = addFleetOptions(new Command()).parse(args, { from: 'user' })
  return [command.opts(), command]
}

async function makeLog(path: string) {
  await using log = await openSqliteLog(path)
  await appendAll(log, 1, 5)
  return log.head()
}
