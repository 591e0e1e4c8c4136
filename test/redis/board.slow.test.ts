import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { RedisBoard } from '../../src/log/redis/board.ts'
import { openRedisLog, type RedisLog } from '../../src/log/redis/log.ts'
import { eventually } from '../rig.ts'
import { startSingle } from './site.ts'
import { optionsFor } from './writers.ts'

/** A log to read from whose answers, once each, come only when what is given for the command has happened. */
function readingLate(log: RedisLog, meanwhile: Record<string, () => Promise<unknown>>) {
  const side = new Proxy(log.link.side, {
    get: (target, name) => {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      const happens = meanwhile[String(name)]
      if (!happens) return value.bind(target)
      return async (...args: unknown[]) => {
        const answer = await value.apply(target, args)
        delete meanwhile[String(name)]
        await happens()
        return answer
      }
    },
  })
  const link = new Proxy(log.link, {
    get: (target, name) => (name === 'side' ? side : Reflect.get(target, name).bind(target)),
  })
  return { keys: log.keys, link }
}

/** One has said of three agents that they are there, and another has heard it. */
async function oneTellsTheOther(site: Awaited<ReturnType<typeof startSingle>>, realm: string) {
  const one = await openRedisLog(optionsFor(site, realm))
  const other = await openRedisLog(optionsFor(site, realm))
  const [said, hears] = [new RedisBoard(one, 'one'), new RedisBoard(other, 'other')]
  const heard = new Map<string, string>()
  for (const key of ['n:left', 'n:moved', 'n:stays']) said.put(key, 'online')
  said.onOther(() => undefined)
  hears.onOther((_writer, key, text) => {
    if (text === undefined) heard.delete(key)
    else heard.set(key, text)
  })
  await eventually('it is heard', () => heard.size === 3, 10_000)
  const { board } = one.keys
  await eventually('it is there', async () => (await site.server.call('HEXISTS', board, 'one')) === 1, 10_000)
  return {
    said,
    heard,
    hash: `${board}:one`,
    async [Symbol.asyncDispose]() {
      for (const each of [said, hears]) each[Symbol.dispose]()
      for (const log of [one, other]) await log[Symbol.asyncDispose]()
    },
  }
}

describe('What controllers say of their agents', () => {
  let site: Awaited<ReturnType<typeof startSingle>>
  before(async () => {
    site = await startSingle()
  })
  after(() => site[Symbol.asyncDispose]())

  it('is believed when it is heard amid a look, which may have read before', async () => {
    const realm = 'amid'
    await using log = await openRedisLog(optionsFor(site, realm))
    using early = new RedisBoard(log, 'early')
    using late = new RedisBoard(log, 'late')
    early.put('n:old', 'online')
    early.onOther(() => undefined)
    const { board } = log.keys
    await eventually(
      'it is there',
      async () => (await site.server.call('HEXISTS', board, 'early')) === 1,
      10_000,
    )

    const heard: string[] = []
    const hears = (what: string) => eventually(what, () => heard.includes(what), 3_000)
    const said = {
      hkeys: () => {
        late.put('n:new', 'online')
        late.onOther(() => undefined)
        return hears('late n:new online')
      },
      hgetall: () => {
        early.put('n:old', undefined)
        early.put('n:young', 'online')
        return hears('early n:young online')
      },
    }
    using reader = new RedisBoard(readingLate(log, said), 'reader')
    reader.onOther((writer, key, text) => void heard.push(`${writer} ${key} ${text}`))
    await eventually('all of it was said', () => Object.keys(said).length === 0, 10_000)
    await hears('early n:young online')
    // Until the next look, which would put right what this one got wrong.
    await wait(1_000)
    assert.deepEqual(heard, ['late n:new online', 'early n:young online'])
  })

  it('tells one that opens slowly all that was said meanwhile', async () => {
    const realm = 'slow'
    await using one = await openRedisLog(optionsFor(site, realm))
    await using other = await openRedisLog(optionsFor(site, realm))
    using said = new RedisBoard(one, 'one')
    said.onOther(() => undefined)
    said.put('n:agent', 'online')
    const board = `${one.keys.board}:one`
    await eventually('it is said', async () => (await site.server.call('EXISTS', board)) === 1, 10_000)
    using late = new RedisBoard(other, 'other')
    // Its log is long: it reads for a while before there is anybody who could be told.
    await wait(600)
    const heard: string[] = []
    late.onOther((writer, key, text) => void heard.push(`${writer} ${key} ${text}`))
    await eventually('it is heard', () => heard.includes('one n:agent online'), 3_000)
  })

  it('takes back what one said that died, and not before it is surely gone', async () => {
    const realm = 'dead'
    const dying = await openRedisLog(optionsFor(site, realm))
    await using log = await openRedisLog(optionsFor(site, realm))
    using said = new RedisBoard(dying, 'one')
    said.onOther(() => undefined)
    said.put('n:agent', 'online')
    using board = new RedisBoard(log, 'two')
    const heard: string[] = []
    board.onOther((_writer, _key, text) => void heard.push(String(text)))
    await eventually('it is heard', () => heard.length > 0, 10_000)
    // Without its connections it says nothing any more, and takes nothing back either.
    await dying[Symbol.asyncDispose]()
    const died = performance.now()
    await eventually('it is gone', () => heard.length > 1, 25_000)
    assert.deepEqual(heard, ['online', 'undefined'])
    assert.ok(performance.now() - died > 5_000, 'a connection that is lost for a moment is no death')
  })

  it('is right again when the server was without room for longer than it keeps what was said', async () => {
    await using world = await oneTellsTheOther(site, 'full')
    await site.server.call('CONFIG', 'SET', 'maxmemory', '1')
    await wait(16_000)
    await site.server.call('CONFIG', 'SET', 'maxmemory', '0')
    world.said.put('n:left', undefined)
    world.said.put('n:moved', 'later')
    await eventually('it is heard', () => world.heard.get('n:moved') === 'later', 10_000)
    // Until both have looked.
    await wait(11_000)
    assert.deepEqual([...world.heard].sort(), [
      ['n:moved', 'later'],
      ['n:stays', 'online'],
    ])
  })

  it('is right again when the server has not all that was said, or more than that', async () => {
    await using world = await oneTellsTheOther(site, 'other')
    world.said.put('n:left', undefined)
    await eventually('it is heard', () => !world.heard.has('n:left'), 10_000)
    // As a replica has it that did not hear of the last changes and became the primary.
    await site.server.call('HSET', world.hash, 'n:left', 'online')
    await site.server.call('HDEL', world.hash, 'n:stays')
    for (const type of ['normal', 'pubsub']) await site.server.call('CLIENT', 'KILL', 'TYPE', type)
    await wait(11_000)
    assert.deepEqual([...world.heard].sort(), [
      ['n:moved', 'online'],
      ['n:stays', 'online'],
    ])
    assert.equal(await site.server.call('HEXISTS', world.hash, 'n:left'), 0)
  })

  it('goes on when something else is said there', async () => {
    const realm = 'strange'
    await using log = await openRedisLog(optionsFor(site, realm))
    using board = new RedisBoard(log, 'one')
    const heard: string[] = []
    board.onOther((_writer, key) => void heard.push(key))
    const say = (text: string) => site.server.call('PUBLISH', `{weft:${realm}}:board`, text)
    const strange = ['', '5', '{"from":"x"}', '{"from":"x","items":5}', '{"from":"x","items":[5,["n:a"]]}']
    await eventually('it listens', async () => (await say('{}')) === 1, 10_000)
    for (const text of strange) await say(text)
    await say('{"from":"x","items":[["n:b","text"]]}')
    await eventually('it hears what it can read', () => heard.length > 0, 3_000)
    assert.deepEqual(heard, ['n:b'])
  })
})
