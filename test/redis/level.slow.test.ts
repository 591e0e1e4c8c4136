import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openRedisLog } from '../../src/log/redis/log.ts'
import { appendAll } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { startSingle } from './site.ts'
import { takes } from './takes.ts'
import { optionsFor } from './writers.ts'

const META = '{weft:test}:meta'

it('all controllers of a log keep to one level: another is refused by name, until the log is given it on purpose', async () => {
  await using site = await startSingle()
  const strict = optionsFor(site, 'test')
  const other = optionsFor(site, 'test', { level: 'restart-only' })
  {
    await using log = await openRedisLog(strict)
    await appendAll(log, 1, 3)
    await assert.rejects(openRedisLog(other), (error: Error & { readonly advice?: string }) => {
      assert.match(error.message, /at the level 'strict'.* set to 'restart-only'/)
      assert.match(error.advice ?? '', new RegExp(`-p ${site.server.port} HDEL '${META}' level`))
      return true
    })
    await appendAll(log, 4, 5)
  }
  await site.server.call('HDEL', META, 'level')
  await using changed = await openRedisLog(other)
  await appendAll(changed, 6, 7)
  await assert.rejects(openRedisLog(strict), { code: 'invalid-config', field: 'redisLevel' })
})

it('a controller that runs writes nothing at another level, and takes up a log that says none', async () => {
  await using site = await startSingle()
  await using log = await openRedisLog(optionsFor(site, 'test'))
  await appendAll(log, 1, 2)
  const term = await site.server.call('HGET', META, 'term')
  // As releases left it that did not write it down.
  await site.server.call('HDEL', META, 'level')
  const isWritten = async () => (await site.server.call('HGET', META, 'level')) === 'strict'
  await eventually('it is written down', isWritten, 10_000)
  await eventually('changes go', () => takes(log), 10_000)
  assert.equal(await site.server.call('HGET', META, 'term'), term, 'nothing else is another')

  const end = log.head().sequence
  await site.server.call('HSET', META, 'level', 'available')
  assert.equal(await takes(log), false)
  const isNamed = () => /at the level 'available'/.test(log.refusal?.message ?? '')
  await eventually('the refusal says so', isNamed, 10_000)
  const said = await site.server.call('HMGET', META, 'sequence', 'durable', 'level')
  assert.deepEqual(said, [String(end), String(end), 'available'])
})
