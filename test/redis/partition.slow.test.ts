import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Helper, startHelper } from '../bench/helper.ts'
import { report, runs } from '../chaos/runs.ts'
import { eventually } from '../rig.ts'
import { Machines, splitsOf, whyNoMachines } from './machines.ts'
import type { RedisServer } from './server.ts'
import { PRIMARY_NAME, startWithSentinels } from './site.ts'
import type { WriterCalls } from './writer-process.ts'

const WRITER = fileURLToPath(new URL('writer-process.ts', import.meta.url))

/** A server and a Sentinel on each of the first three, a controller on each of the others. */
const SERVERS = ['s1', 's2', 's3'] as const
const CONTROLLERS = ['c1', 'c2'] as const
const NAMES = [...SERVERS, ...CONTROLLERS]

/** Milliseconds for which it is split: there is another primary on the larger side long before it is over. */
const SPLIT_MS = runs(6_000, 12_000)
/** In `npm test` only the worst of all, which comes last in any case. */
const SPLITS = runs(1, 0) === 1 ? [] : splitsOf(NAMES)
/** Sentinel itself needs up to ten seconds until a server that was apart follows, and strict waits for it. */
const HEALED_MS = 60_000

it('servers, Sentinels and controllers that are split in two lose nothing, and no follower sees what is replaced later', {
  skip: whyNoMachines(),
}, async () => {
  await using machines = await Machines.create(NAMES)
  await using site = await startWithSentinels(
    2,
    SERVERS.map((name) => machines.at(name)),
  )
  await using stack = new AsyncDisposableStack()
  const writers: Helper<WriterCalls>[] = []
  for (const name of CONTROLLERS) {
    const { namespace } = machines.at(name)
    const writer = stack.use(await startHelper<WriterCalls>(WRITER, { namespace }))
    await writer.call(
      'start',
      { urls: site.urls, realm: 'split', level: 'strict', writer: randomUUID() },
      name,
    )
    writers.push(writer)
  }
  const allGo = async (more: number) => {
    const before = await Promise.all(writers.map((writer) => writer.call('acknowledged')))
    await eventually(
      'changes of every controller go',
      async () => {
        await wait(100)
        const now = await Promise.all(writers.map((writer) => writer.call('acknowledged')))
        return now.every((count, at) => count >= (before[at] ?? 0) + more)
      },
      HEALED_MS,
    )
  }
  await allGo(20)
  for (const apart of SPLITS) {
    await machines.split(apart)
    await wait(SPLIT_MS)
    await machines.heal()
    await allGo(20)
  }
  // The primary and a controller that goes on talking to it, without the others, which forget that server and go on.
  const primary = site.servers.indexOf(await site.primary())
  const [near, far] = writers
  assert.ok(near && far)
  // Nothing is on its way: so nothing that was not confirmed tells the one that is cut off that something is wrong.
  for (const writer of writers) await writer.call('onlyAsk', true)
  await wait(500)
  await machines.split([SERVERS[primary] ?? '', 'c1'])
  await far.call('onlyAsk', false)
  await wait(SPLIT_MS)
  const beyond = site.sentinels.filter((_, at) => at !== primary)
  // One that is reset before it has another primary, and knows nobody but the one that is gone, never learns of any.
  for (const sentinel of beyond) {
    const isOver = async () => (await leaderBy(sentinel)) !== site.servers[primary]?.host
    await eventually('the failover is over', isOver, 20_000)
    await sentinel.call('SENTINEL', 'RESET', PRIMARY_NAME)
  }
  const before = await far.call('acknowledged')
  await eventually('the others go on', async () => (await far.call('acknowledged')) > before, 20_000)
  const [declined, refused] = [await near.call('declined'), await near.call('refused')]
  await eventually('it is asked', async () => (await near.call('refused')) > refused + 3, 20_000)
  assert.equal(await near.call('declined'), declined, 'it said what it cannot know')
  await machines.heal()
  await near.call('onlyAsk', false)
  await allGo(20)
  const figures = await Promise.all(writers.map((writer) => writer.call('stop')))
  let found = 0
  for (const writer of writers) found += await writer.call('check')
  const total = (of: 'acknowledged' | 'unknown' | 'refused' | 'declined') =>
    figures.reduce((sum, one) => sum + (one?.[of] ?? 0), 0)
  report('Redis, Sentinels and controllers split in two', {
    splits: SPLITS.length + 1,
    'ms each': SPLIT_MS,
    acknowledged: total('acknowledged'),
    lost: total('acknowledged') - found,
    unknown: total('unknown'),
    refused: total('refused'),
    declined: total('declined'),
  })
  assert.ok(total('refused') + total('unknown') > 0, 'a split that nobody noticed was none')
})

/** The address of the server that it watches as the primary: during a failover still the one before. */
async function leaderBy(sentinel: RedisServer): Promise<string | undefined> {
  const fields = String(await sentinel.call('SENTINEL', 'MASTER', PRIMARY_NAME)).split(',')
  return fields[fields.indexOf('ip') + 1]
}
