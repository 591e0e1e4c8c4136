import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { WeftError } from '../../src/errors.ts'
import { connectTo } from '../../src/log/redis/client.ts'
import { toCommitted } from '../../src/log/redis/committed.ts'
import { keysOf } from '../../src/log/redis/keys.ts'
import { Runner } from '../../src/log/redis/runner.ts'
import { list, serverThat } from './fake.ts'

/** Milliseconds for a look at a server from which each answer takes 120 ms. */
const FAR = 400
const REPLICA = '127.0.0.1:1'

/** Runs a script at a server that somebody sets otherwise before each of the first `often` tries. */
async function surelyAt(often: number, lookTakes: number, silence?: WeftError) {
  let tries = 0
  await using server = await serverThat((command) => {
    if (/EVAL/.test(command)) return list([++tries > often ? 'done' : 'unseen'])
    return /wait/i.test(command) ? ':1\r\n' : '$0\r\n\r\n'
  })
  const client = await connectTo(
    { host: '127.0.0.1', port: server.port },
    {
      tls: false,
      username: undefined,
      password: undefined,
      database: 0,
    },
  )
  let looks = 0
  let asked = 0
  const runner = new Runner(keysOf('test'), {
    barrier: { replicas: [REPLICA] },
    harm: undefined,
    silence,
    seen: '',
    lookAgain: async () => {
      looks++
      await wait(lookTakes)
    },
    isReached: async () => {
      asked++
      return true
    },
  })
  try {
    const begin = performance.now()
    const committed = toCommitted(await runner.surely(client, { name: 'TEST', lua: 'return' }, { args: [] }))
    return { committed, looks, asked, took: performance.now() - begin }
  } finally {
    client.disconnect()
  }
}

it('a server far away that somebody has set otherwise is looked at, and takes the change then', async () => {
  const { committed, looks, asked } = await surelyAt(1, FAR)
  assert.deepEqual([committed.kind, looks], ['done', 1])
  assert.equal(asked, 1, 'who has what was not done was not asked')
})

it('where somebody sets it otherwise all the while a change is given up in time, and nothing is said against the link', async () => {
  const { committed, looks, asked, took } = await surelyAt(1_000, FAR)
  assert.equal(committed.kind, 'unseen')
  assert.equal(asked, 0)
  assert.ok(looks > 0 && took < 3_000, `${looks} looks in ${took} ms`)
})

it('where the server answers no look the change is refused by name, and nothing is said against the link', async () => {
  const silence = new WeftError('store-unavailable', 'The Redis server does not answer.')
  const { committed, looks } = await surelyAt(1_000, FAR, silence)
  assert.deepEqual(committed, { kind: 'unseen', reason: silence.message, harm: silence })
  assert.equal(looks, 1)
})
