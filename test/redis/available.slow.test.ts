import assert from 'node:assert/strict'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { JOURNAL_FILE } from '../../src/controller/home.ts'
import { openRedisLog } from '../../src/log/redis/log.ts'
import type { RedisNews } from '../../src/log/redis/options.ts'
import { FaultProxy } from '../chaos/proxy.ts'
import { appendAll, change, collect, scratch } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { type ControllerProcess, ProcessFleet } from './processes.ts'
import { RedisServer } from './server.ts'
import { type RedisSite, startSingle, startWithSentinels } from './site.ts'
import { optionsFor } from './writers.ts'

it('at the level `available` a controller names the acknowledged changes that are gone, and ends', async () => {
  await using dir = await scratch()
  await using site = await startSingle()
  await using _ = await RedisServer.start({ replicaof: site.server.place.replace(':', ' ') })
  const follows = async () => (await site.server.info('replication', 'connected_slaves')) === '1'
  await eventually('the replica follows', follows, 15_000)
  await using proxy = await FaultProxy.to(site.server.port)
  const told: RedisNews[] = []
  const urls = [`redis://127.0.0.1:${proxy.port}`]
  const available = { level: 'available', tell: (news: RedisNews) => void told.push(news) } as const
  await using log = await openRedisLog({ ...optionsFor(site, 'test', available), urls })
  await eventually('changes go', () => told.some(({ kind }) => kind === 'accepting'), 10_000)
  await appendAll(log, 1, 20)
  const old = join(dir.path, 'old')
  await cp(site.server.data, old, { recursive: true })
  await appendAll(log, 21, 24)

  // The worst that a failover does: it goes on with a server that is behind, and somebody else writes there at once.
  proxy.requests = { kind: 'drop' }
  proxy.cut()
  await site.server.kill()
  await rm(site.server.data, { recursive: true })
  await cp(old, site.server.data, { recursive: true })
  await site.server.start()
  await using stranger = await openRedisLog(optionsFor(site, 'test', { level: 'available' }))
  const goesOn = () =>
    stranger.append(20, change(121)).then(
      () => true,
      () => false,
    )
  await eventually('it goes on with another history', goesOn, 15_000)
  await appendAll(stranger, 122, 130)
  proxy.heal()

  const lost = await eventually('it is told', () => told.find((news) => news.kind === 'lost'), 15_000)
  assert.match(lost.reason.message, /Entry 24 .* is not the one that was acknowledged/)
  const named = [21, 22, 23, 24].map((number) => ({ sequence: number, operation: `op-${number}` }))
  assert.deepEqual(lost.entries, named)
  assert.equal((await log.failed).code, 'log-damaged')
})

const LIMIT = 60_000
const LOSS_TOLD = /ends at entry \d+, but entry \d+ was acknowledged.*"msg":"acknowledged changes were lost"/
const [KEPT, LOST] = [5, 3]

it('at the level `available` a failover to a server that is behind, with no controller left, is told, and agents go on in a new epoch', async () => {
  await using site = await startWithSentinels(2)
  await using fleet = await ProcessFleet.start(site, { count: 2, flags: ['--redis-level', 'available'] })
  await fleet.startAgents('shared', 3)
  const made = async (name: string, at: number) => {
    // It may have been made by a call to which nobody could say so.
    const headers = { 'idempotency-key': name }
    const answer = await fleet.call(at, 'POST', '/v1/projects', { body: { name }, headers })
    assert.ok([201, 503].includes(answer.status), answer.text)
    return answer.status === 201
  }
  for (let at = 0; at < KEPT; at++) assert.ok(await made(`kept-${at}`, at))
  const before = await epochOf(site)

  const primary = await site.primary()
  const behind = await leaveBehind(site)
  // A controller may have looked in the moment in which nobody followed.
  for (let at = 0; at < LOST; at++) await eventually('changes go', () => made(`lost-${at}`, at), LIMIT)
  // Agents have seen it too.
  const removal = await fleet.call(0, 'DELETE', '/v1/networks/shared/members/agent-0')
  assert.equal(removal.status, 204, removal.text)
  await fleet.settled('shared', 2)

  // Its file is written four times a second, and all that is left of a controller.
  const last = Number(removal.headers['weft-sequence'])
  await eventually('they have noted it', async () => (await notedBy(fleet)).every((at) => at >= last))
  // Had a controller stayed, it would have put back what is missing.
  const others = [...site.servers.filter((server) => server !== behind), ...fleet.controllers]
  await Promise.all(others.map((one) => (one instanceof RedisServer ? one.kill() : one.stop('SIGKILL'))))
  behind.thaw()
  await eventually('it is promoted', async () => (await site.primary()) === behind, LIMIT)
  // One that has to begin a new epoch cannot before there is a replica again, and its supervisor tries until then.
  const starting = Promise.all(fleet.controllers.map(startAgain))
  const isTold = ({ log }: ControllerProcess) => LOSS_TOLD.test(log)
  await eventually('each tells the loss', () => fleet.controllers.every(isTold), LIMIT)
  await site.revive(primary)
  await starting
  await eventually('changes go', () => made('later', 0), LIMIT)
  await eventually('at both', () => made('later-too', 1), LIMIT)

  // What the killed ones last said of their agents is believed for a while, so these are counted.
  const connected = async () => (await fleet.connectedTo(0)) + (await fleet.connectedTo(1))
  await eventually('agents are back', async () => (await connected()) === 3, LIMIT)
  await eventually('a new epoch begins', async () => (await epochOf(site)) > before, LIMIT)
  await fleet.settled('shared', 3)
  for (const at of [0, 1]) {
    const { body } = await fleet.call(at, 'GET', '/v1/projects')
    const names: string[] = body.items.map(({ name }: { name: string }) => name)
    const kept = Array.from({ length: KEPT }, (_, number) => `kept-${number}`)
    assert.deepEqual(names.toSorted(), ['default', ...kept, 'later', 'later-too'])
  }
  // No fork: the one that comes back has nothing of its own.
  const heads = await eventually('the old primary follows', async () => {
    const [one, other] = await Promise.all([headOn(behind), headOn(primary)])
    return one === other && one
  })
  assert.match(heads, /^\d+ [0-9a-f]{64}$/)
})

/** A replica that hears nothing of what is written from now on; another confirms it. */
async function leaveBehind(site: RedisSite): Promise<RedisServer> {
  const primary = await site.primary()
  const [behind] = site.servers.filter((server) => server !== primary)
  assert.ok(behind)
  const online = async () =>
    [...String(await primary.call('INFO', 'replication')).matchAll(/state=online/g)].length
  const isLevel = async () =>
    (await behind.info('replication', 'slave_repl_offset')) ===
    (await primary.info('replication', 'master_repl_offset'))
  await eventually('it has everything', isLevel, LIMIT)
  behind.freeze()
  // What lies in its socket would be read later.
  await primary.call('CLIENT', 'KILL', 'TYPE', 'replica')
  await eventually('the other one is back', async () => (await online()) === 1, LIMIT)
  return behind
}

/** How far each controller has noted that the log went. */
function notedBy({ controllers, dir }: ProcessFleet): Promise<number[]> {
  return Promise.all(
    controllers.map(async (_, at) => {
      const text = await readFile(join(dir, `data-${at}`, JOURNAL_FILE), 'utf8')
      return Number(JSON.parse(text).sequence)
    }),
  )
}

async function startAgain(controller: ControllerProcess): Promise<void> {
  const start = () =>
    controller.start().then(
      () => true,
      () => false,
    )
  await eventually('it starts', start, LIMIT)
}

async function epochOf(site: RedisSite): Promise<number> {
  await using log = await openRedisLog(optionsFor(site, 'test', { level: 'available' }))
  const events = (await collect(log.read(1))).flatMap((entry) => entry.events)
  return Math.max(...events.map((event) => ('epoch' in event ? event.epoch : 0)))
}

async function headOn(server: RedisServer): Promise<string> {
  const found = await server.call('HMGET', '{weft:test}:meta', 'sequence', 'hash')
  return Array.isArray(found) ? found.join(' ') : ''
}
