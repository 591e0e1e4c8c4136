import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { parseSite } from '../../src/log/redis/address.ts'
import { openRedisLog, type RedisLog } from '../../src/log/redis/log.ts'
import { FORGET_AFTER } from '../../src/log/redis/members.ts'
import { locate } from '../../src/log/redis/place.ts'
import { FaultProxy } from '../chaos/proxy.ts'
import { change } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { endSlowRewrite, SLOW_REWRITE } from './rewriting.ts'
import { RedisServer } from './server.ts'
import { PRIMARY_NAME, type RedisSite, startCluster, startSingle, startWithSentinels } from './site.ts'
import { takes } from './takes.ts'
import { optionsFor } from './writers.ts'

/** Milliseconds in which a controller has asked Sentinels again, at least once. */
const ASKED_AGAIN = 1_500
/** And in which it has looked at the settings of all servers again. */
const INSPECTED_AGAIN = 2_500
const LIMIT = 20_000
/** Milliseconds after which two by one address are no connection that one of them had before. */
const SURELY_TWO = 3_500
/** Milliseconds after which a controller takes a server that does not answer for silent, and more. */
const SILENT = 2_000

describe('At strict', () => {
  let site: RedisSite
  let primary: RedisServer
  let replicas: readonly RedisServer[]
  before(async () => {
    site = await startWithSentinels(2)
    primary = await site.primary()
    replicas = site.servers.filter((server) => server !== primary)
  })
  after(() => site?.[Symbol.asyncDispose]())

  it('replicas that follow have to have a change also when the Sentinels were told to forget them', async () => {
    await using stack = new AsyncDisposableStack()
    const { proxies, urls } = await behindProxies(site, stack)
    await using log = await openRedisLog(optionsFor(site, 'forgotten', { urls }))
    await eventually('changes go', () => takes(log), LIMIT)
    for (const sentinel of site.sentinels) await sentinel.call('SENTINEL', 'RESET', PRIMARY_NAME)
    assert.deepEqual((await locate(parseSite(site.urls), 'tag')).promotable, [], 'they forgot')
    await wait(ASKED_AGAIN)
    for (const proxy of proxies) {
      proxy.requests = { kind: 'drop' }
      proxy.cut()
    }
    for (const replica of replicas) replica.freeze()
    await primary.call('CLIENT', 'KILL', 'TYPE', 'replica')
    const taken = []
    for (let again = 0; again < 3; again++) taken.push(await takes(log))
    assert.deepEqual(taken, [false, false, false], 'changes that only the primary has')
    // One that starts only now knows of nobody: that is no reason to wait for nobody.
    await using fresh = await openRedisLog(optionsFor(site, 'fresh'))
    await eventually(
      'it says why',
      () => /No Redis replica is known/.test(fresh.refusal?.message ?? ''),
      LIMIT,
    )
    assert.equal(await takes(fresh), false)
    for (const replica of replicas) replica.thaw()
    for (const proxy of proxies) proxy.heal()
    await eventually('changes go again', () => takes(log), LIMIT)
  })

  it('one Sentinel is not believed by a controller that starts; a majority is, be it slow', async () => {
    await using stack = new AsyncDisposableStack()
    const { proxies, urls } = await behindProxies(site, stack)
    const away = proxies.slice(1)
    for (const proxy of away) proxy.requests = { kind: 'drop' }
    await using log = await openRedisLog(optionsFor(site, 'starts', { urls }))
    const names = away.map(({ port }) => `127.0.0.1:${port}`).join(', ')
    await eventually('it names the others', () => log.refusal?.message.includes(`from ${names}`), LIMIT)
    assert.equal(await takes(log), false)
    for (const proxy of away) {
      proxy.cut()
      proxy.heal()
      proxy.replies = { kind: 'delay', milliseconds: 600 }
    }
    await eventually('changes go', () => takes(log), LIMIT)
    for (const proxy of away) proxy.cut()
    for (const proxy of away) proxy.requests = { kind: 'drop' }
    await wait(ASKED_AGAIN)
    assert.equal(await takes(log), true, 'a silence later changes nothing')
  })

  it('a replica counts no more when it was started anew with other settings between two looks', async () => {
    await using log = await openRedisLog(optionsFor(site, 'restarted'))
    await eventually('changes go', () => takes(log), LIMIT)
    const primary = await site.primary()
    const replica = site.servers.find((server) => server !== primary)
    assert.ok(replica)
    // The primary counts one that came, and after that one that came again: it has been made to count anew in between.
    await primary.call('CONFIG', 'RESETSTAT')
    await primary.call('CLIENT', 'KILL', 'ID', await lastToFollow(primary))
    const cameBack = async () =>
      (await primary.info('stats', 'sync_partial_ok')) === '1' && (await takes(log))
    await eventually('one came back, and changes go', cameBack, LIMIT)
    await replica.kill()
    const isMissing = () => log.refusal?.message === `A Redis replica is missing: ${replica.place}.`
    await eventually('it is missing', isMissing, LIMIT)
    await primary.call('CONFIG', 'RESETSTAT')
    await replica.configure(`replicaof ${primary.host} ${primary.port}`, 'appendonly no')
    await replica.start()
    for (const end = performance.now() + 1_000; performance.now() < end; )
      assert.equal(await takes(log), false, 'one that keeps nothing has confirmed')
    const isNamed = () => log.refusal?.message.includes(`${replica.place} has appendonly 'no'`)
    await eventually('the refusal names the setting', isNamed, LIMIT)
    await replica.configure('appendonly yes')
    await replica.call('CONFIG', 'SET', 'appendonly', 'yes')
    await eventually('changes go again', () => takes(log), LIMIT)
  })

  for (const who of ['primary', 'replica'])
    it(`a ${who} that is set otherwise while it runs takes no changes until it is set right`, async () => {
      await using log = await openRedisLog(optionsFor(site, `set-${who}`))
      await eventually('changes go', () => takes(log), LIMIT)
      const primary = await site.primary()
      const server = site.servers.find((one) => (one === primary) === (who === 'primary'))
      const other = site.servers.find((one) => one !== primary && one !== server)
      assert.ok(server && other)
      // The log ends with an entry that nobody has confirmed: whoever wants to read all there is has to see to it first.
      other.freeze()
      const { sequence } = log.head()
      const draft = change(sequence + 1)
      await assert.rejects(log.append(sequence, draft), { message: /^Whether/ })
      await server.call('CONFIG', 'SET', 'appendfsync', 'everysec')
      const isNamed = () => log.refusal?.message.includes(`${server.place} has appendfsync 'everysec'`)
      await eventually('the refusal names the setting', isNamed, LIMIT)
      // Who asks is told to come back later, and not that this controller was never set up right.
      const passing = { code: 'store-unavailable', message: /has appendfsync 'everysec'/, advice: /again/ }
      await assert.rejects(log.refresh(), passing)
      await assert.rejects(log.refuse('op-none'), passing)
      await assert.rejects(log.append(log.head().sequence, change(9_999)), passing)
      const link = await eventually('a link stands, to read by', () => lastingLink(log), LIMIT)
      await primary.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await eventually(
        'so does the next one',
        async () => ![undefined, link].includes(await lastingLink(log)),
        LIMIT,
      )
      await assert.rejects(log.refresh(), passing)
      other.thaw()
      await server.call('CONFIG', 'SET', 'appendfsync', 'always')
      await eventually('changes go again', () => takes(log), LIMIT)
      assert.equal((await log.find(draft.operation))?.sequence, sequence + 1)
    })

  it('two replicas by one address are no two: changes go only while the one that answers there is the only one', async () => {
    await using log = await openRedisLog(optionsFor(site, 'shared'))
    await eventually('changes go', () => takes(log), LIMIT)
    const [real] = replicas
    assert.ok(real)
    const announced = { 'replica-announce-ip': real.host, 'replica-announce-port': String(real.port) }
    await using twin = await RedisServer.start({ replicaof: `${primary.host} ${primary.port}`, ...announced })
    const isTold = () =>
      log.refusal?.message === `Several Redis replicas follow by the same address: ${real.place}.`
    await eventually('the refusal names it', isTold, LIMIT)
    assert.equal(await takes(log), false)
    // It is cut off, and the other one confirms in its place.
    real.freeze()
    await endAllButLast(primary)
    const isSilent = () => log.refusal?.message === `The Redis server ${real.place} does not answer.`
    await eventually('the one that answers there does not follow', isSilent, LIMIT)
    assert.equal(await takes(log), false)
    await twin.kill()
    real.thaw()
    await eventually('changes go again', () => takes(log), LIMIT)
  })

  it('a replica that comes back empty may be promoted without the log, and the refusal says so until it was given all', async () => {
    await using log = await openRedisLog(optionsFor(site, 'empty'))
    await eventually('changes go', () => takes(log), LIMIT)
    const [replica] = replicas
    assert.ok(replica)
    await primary.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '3600')
    await replica.kill()
    await replica.empty()
    await replica.start()
    const isTold = () =>
      log.refusal?.message.includes(`given to ${replica.place}: if the primary ends before that is done`)
    await eventually('the refusal says so', isTold, LIMIT)
    assert.equal(await takes(log), false)
    await replica.call('CONFIG', 'SET', 'replica-priority', '0')
    const isMissing = () => log.refusal?.message === `A Redis replica is missing: ${replica.place}.`
    await eventually('nobody promotes it then', isMissing, LIMIT)
    await replica.call('CONFIG', 'SET', 'replica-priority', '100')
    await primary.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
    await eventually('changes go again', () => takes(log), LIMIT)
  })

  it('a file that is begun anew stops changes until it stands, one that is only rewritten does not', async () => {
    const servers = [primary, replicas[0]].filter((server) => server !== undefined)
    for (const server of servers) {
      await server.call('CONFIG', 'SET', ...SLOW_REWRITE)
      // Programs that gather figures do this now and then: it forgets what has been set.
      await server.call('CONFIG', 'RESETSTAT')
    }
    await using log = await openRedisLog(optionsFor(site, 'file'))
    await eventually('changes go', () => takes(log), LIMIT)
    for (const server of servers) await server.call('BGREWRITEAOF')
    for (const end = performance.now() + INSPECTED_AGAIN; performance.now() < end; await wait(50))
      assert.equal(await takes(log), true, log.refusal?.message)
    for (const server of servers) {
      for (const value of ['no', 'yes']) await server.call('CONFIG', 'SET', 'appendonly', value)
      await server.call('CONFIG', 'RESETSTAT')
    }
    for (const server of servers) {
      const early = `The Redis server ${server.place} writes its append-only file anew.`
      await eventually('it is named', () => log.refusal?.message === early, LIMIT)
      assert.equal(await takes(log), false)
      await endSlowRewrite(server)
    }
    await eventually('changes go again', () => takes(log), LIMIT)
  })

  it('the primary of before has to have a change until more than half of the Sentinels have forgotten it', async () => {
    await using stack = new AsyncDisposableStack()
    const { proxies, urls } = await behindProxies(site, stack)
    const [near, ...away] = proxies
    const [first] = site.sentinels
    assert.ok(near && first)
    const primary = await site.primary()
    await using log = await openRedisLog(optionsFor(site, 'before', { urls }))
    await eventually('changes go', () => takes(log), LIMIT)
    for (const proxy of proxies) {
      proxy.requests = { kind: 'drop' }
      proxy.cut()
    }
    await primary.kill()
    const isAnother = async () => (await site.primary()) !== primary
    await eventually('another is promoted, and has a replica', isAnother, 60_000)
    const promoted = await site.primary()
    await eventually('it is followed', async () => (await followersOf(promoted)) === '1', LIMIT)
    // One that is reset before that, and knows nobody but the dead primary, never learns of another.
    const isOver = async () =>
      String(await first.call('SENTINEL', 'MASTER', PRIMARY_NAME)).includes(`port,${promoted.port},`)
    await eventually('the failover is over', isOver, LIMIT)
    await first.call('SENTINEL', 'RESET', PRIMARY_NAME)
    near.heal()
    const names = away.map(({ port }) => `127.0.0.1:${port}`).join(', ')
    await eventually('it names the others', () => log.refusal?.message.includes(`from ${names}`), LIMIT)
    assert.equal(await takes(log), false, 'one Sentinel has forgotten the primary of before')
    for (const proxy of away) proxy.heal()
    await eventually('it is named', () => log.refusal?.message.includes(`missing: ${primary.place}`), LIMIT)
    assert.equal(await takes(log), false)
    await site.revive(primary)
    await eventually('changes go again', () => takes(log), LIMIT)
  })
})

it('in a Cluster a replica of priority 0 counts, for it is promoted all the same; one that never fails over does not', async () => {
  await using site = await startCluster()
  await using log = await openRedisLog(optionsFor(site, 'test'))
  await eventually('changes go', () => takes(log), LIMIT)
  const primary = await site.primary()
  const follower = `:${await primary.info('replication', 'slave0')}`.match(/port=(\d+)/)?.[1]
  const replica = site.servers.find(({ port }) => String(port) === follower)
  assert.ok(replica)
  const stranger = site.servers.find((server) => server !== primary && server !== replica)
  assert.ok(stranger)
  const names = (text: string) => () => log.refusal?.message.includes(text)
  for (const [server, name, wrong, right, refusal] of [
    [
      primary,
      'cluster-replica-validity-factor',
      '0',
      '10',
      `${primary.place} has cluster-replica-validity-factor '0'`,
    ],
    [
      replica,
      'cluster-replica-validity-factor',
      '0',
      '10',
      `${replica.place} has cluster-replica-validity-factor '0'`,
    ],
    [stranger, 'cluster-allow-replica-migration', 'yes', 'no', `migration 'yes': ${stranger.place}.`],
  ] as const) {
    await server.call('CONFIG', 'SET', name, wrong)
    await eventually('the refusal names what lets one lead that lacks changes', names(refusal), LIMIT)
    assert.equal(await takes(log), false)
    await server.call('CONFIG', 'SET', name, right)
  }
  await replica.call('CONFIG', 'SET', 'replica-priority', '0')
  await replica.call('CONFIG', 'SET', 'appendonly', 'no')
  const isNamed = () => log.refusal?.message.includes(`${replica.place} has appendonly 'no'`)
  await eventually('the refusal names the setting', isNamed, LIMIT)
  assert.equal(await takes(log), false)
  await replica.call('CONFIG', 'SET', 'cluster-replica-no-failover', 'yes')
  await eventually('changes go again', () => takes(log), LIMIT)
})

// All of them wait, each for servers of its own.
describe('Where nobody else may take the place of the server,', { concurrency: true }, () => {
  it('one that can and comes later stops changes until it says that it never will', async () => {
    await using site = await startSingle()
    const levels = ['strict', 'restart-only'] as const
    await using stack = new AsyncDisposableStack()
    const logs = await Promise.all(levels.map((level) => openRedisLog(optionsFor(site, level, { level }))))
    for (const log of logs) stack.use(log)
    const all = async (expected: boolean) =>
      (await Promise.all(logs.map(takes))).every((one) => one === expected)
    assert.equal(await all(true), true)
    const { host, port } = site.server
    const bind = '127.0.0.1 127.0.0.2'
    await using replica = await RedisServer.start({ replicaof: `${host} ${port}`, bind })
    const areNamed = () =>
      logs.every(({ refusal }) => refusal?.message.includes(`may be promoted: ${replica.place}`))
    await eventually('the refusals name it', areNamed, LIMIT)
    // It is cut off, and nobody says what becomes of it.
    replica.freeze()
    await site.server.call('CLIENT', 'KILL', 'TYPE', 'replica')
    await wait(FORGET_AFTER + ASKED_AGAIN)
    assert.equal(await all(false), true)
    assert.ok(areNamed())
    // Connections that begin anew are good for reading all the same.
    await site.server.call('CLIENT', 'KILL', 'TYPE', 'normal')
    const areRead = () =>
      Promise.all(logs.map((log) => log.base())).then(
        () => true,
        () => false,
      )
    await eventually('reads go on', areRead, LIMIT)
    assert.equal(await all(false), true)
    replica.thaw()
    await replica.call('CONFIG', 'SET', 'replica-priority', '0')
    await eventually('changes go again', () => all(true), LIMIT)
    await replica.call('CONFIG', 'SET', 'replica-priority', '100')
    await eventually('the refusals name it again', areNamed, LIMIT)
    // By another address it is the same one, if it is the same process.
    await replica.call('CONFIG', 'SET', 'replica-announce-ip', '127.0.0.2', 'replica-priority', '0')
    await site.server.call('CLIENT', 'KILL', 'TYPE', 'replica')
    await eventually('changes go again', () => all(true), LIMIT)
  })

  it('one by whose address the primary answers, or another replica, is never taken for that, also when it is cut off', async () => {
    await using site = await startSingle()
    await using proxy = await FaultProxy.to(site.server.port)
    const behind = [`redis://127.0.0.1:${proxy.port}`]
    await using stack = new AsyncDisposableStack()
    const logs = [
      stack.use(await openRedisLog(optionsFor(site, 'strict'))),
      stack.use(await openRedisLog(optionsFor(site, 'alone', { level: 'restart-only' }))),
      stack.use(await openRedisLog(optionsFor({ urls: behind }, 'behind'))),
    ]
    const { host, port } = site.server
    const replicaof = `${host} ${port}`
    const areTold = (message: string) => () => logs.every(({ refusal }) => refusal?.message === message)
    await using bystander = await RedisServer.start({ replicaof, 'replica-priority': '0' })
    const isOnline = async () => /state=online/.test(await site.server.info('replication', 'slave0'))
    await eventually('it follows', isOnline, LIMIT)
    for (const log of logs) await eventually('changes go', () => takes(log), LIMIT)
    const announced = { 'replica-announce-ip': host, 'replica-announce-port': String(bystander.port) }
    await using replica = await RedisServer.start({ replicaof, ...announced })
    const shared = `Several Redis replicas follow by the same address: ${bystander.place}.`
    await eventually('the refusals name the address of both', areTold(shared), LIMIT)
    await bystander.call('REPLICAOF', '127.0.0.1', '1')
    const other = (place: string) =>
      `Who answers at ${place} is not the Redis replica that follows by that address.`
    await eventually('the refusals name that of the other one', areTold(other(bystander.place)), LIMIT)
    await replica.call('CONFIG', 'SET', 'replica-announce-port', port)
    await bystander.call('REPLICAOF', host, port)
    await endAllButLast(site.server)
    await eventually('the refusals name that of the primary', areTold(other(site.server.place)), LIMIT)
    replica.freeze()
    await site.server.call('CLIENT', 'KILL', 'TYPE', 'replica')
    const gone = `Redis replicas that were never asked whether they may be promoted follow no more: ${site.server.place}`
    const isGone = () => logs.every(({ refusal }) => refusal?.message.includes(gone))
    await eventually('the refusals say that it is gone', isGone, LIMIT)
    await wait(FORGET_AFTER + ASKED_AGAIN)
    assert.deepEqual(await Promise.all(logs.map(takes)), [false, false, false])
    assert.ok(isGone())
    // As the refusal says.
    await replica.kill()
    await using anew = await openRedisLog(optionsFor(site, 'strict'))
    await eventually('changes go where a controller is started anew', () => takes(anew), LIMIT)
  })

  for (const [title, ip] of [
    ['by one address', '127.0.0.1'],
    ['by two addresses of one of them', '127.0.0.2'],
  ] as const)
    it(`of two ${title} one is cut off: that the other is never promoted says nothing of it`, async () => {
      await using site = await startSingle()
      await using log = await openRedisLog(optionsFor(site, 'twins'))
      const { host, port } = site.server
      const config = { replicaof: `${host} ${port}`, bind: '127.0.0.1 127.0.0.2' }
      await using bystander = await RedisServer.start({ ...config, 'replica-priority': '0' })
      const isOnline = async () => /state=online/.test(await site.server.info('replication', 'slave0'))
      await eventually('it follows', isOnline, LIMIT)
      const announced = { 'replica-announce-ip': ip, 'replica-announce-port': String(bystander.port) }
      await using replica = await RedisServer.start({ ...config, ...announced })
      const names = [...new Set([host, ip])].map((one) => `${one}:${bystander.port}`)
      const shared = `Several Redis replicas follow by the same address: ${names.join(', ')}.`
      await eventually('the refusal names what both have', () => log.refusal?.message === shared, LIMIT)
      // By two names they are named only then.
      if (names.length === 1) await wait(SURELY_TWO)
      replica.freeze()
      await endAllButFirst(site.server)
      const another = `another at ${names.join(' or ')}`
      const isGone = () => ['follow no more', another].every((part) => log.refusal?.message.includes(part))
      await eventually('the refusal says that it is gone', isGone, LIMIT)
      await wait(INSPECTED_AGAIN)
      assert.equal(await takes(log), false)
    })

  it('one that was promoted, and to which the URL leads by now, is not its own rival', async () => {
    await using site = await startSingle()
    await using proxy = await FaultProxy.to(site.server.port)
    const urls = [`redis://127.0.0.1:${proxy.port}`]
    await using log = await openRedisLog(optionsFor({ urls }, 'moved', { level: 'restart-only' }))
    await eventually('changes go', () => takes(log), LIMIT)
    const { host, port } = site.server
    await using replica = await RedisServer.start({ replicaof: `${host} ${port}` })
    const isNamed = () => log.refusal?.message.includes(`may be promoted: ${replica.place}`)
    await eventually('the refusal names it', isNamed, LIMIT)
    const hasAll = async () => (await replica.info('replication', 'master_link_status')) === 'up'
    await eventually('it has all', hasAll, LIMIT)
    await replica.call('REPLICAOF', 'NO', 'ONE')
    proxy.target = replica
    proxy.cut()
    await site.server.kill()
    await eventually('changes go again', () => takes(log), LIMIT)
    assert.equal(await replica.call('EXISTS', log.keys.meta), 1)
  })

  it('one that cannot be asked stops changes, by name', async () => {
    await using site = await startSingle()
    const levels = ['strict', 'restart-only'] as const
    await using stack = new AsyncDisposableStack()
    const logs = await Promise.all(levels.map((level) => openRedisLog(optionsFor(site, level, { level }))))
    for (const log of logs) stack.use(log)
    const { host, port } = site.server
    const hidden = { 'replica-announce-port': '1', appendonly: 'no' }
    await using replica = await RedisServer.start({ replicaof: `${host} ${port}`, ...hidden })
    const areNamed = () =>
      logs.every(({ refusal }) =>
        refusal?.message.includes('cannot be asked whether they may be promoted: 127.0.0.1:1.'),
      )
    await eventually('the refusals name it', areNamed, LIMIT)
    for (const log of logs) assert.equal(await takes(log), false)
    await replica.kill()
    await eventually(
      'changes go again',
      async () => (await Promise.all(logs.map(takes))).every(Boolean),
      LIMIT,
    )
  })

  it('one that answers and does not say whether it may counts until it says so, also when it is cut off', async () => {
    await using site = await startSingle()
    const users = ['ACL', 'SETUSER', 'weft', 'on', '>secret', '~*', '&*', '+@all'] as const
    await site.server.call(...users)
    const urls = [`redis://weft:secret@${site.server.place}`]
    await using log = await openRedisLog(optionsFor({ urls }, 'unasked'))
    await eventually('changes go', () => takes(log), LIMIT)
    const { host, port } = site.server
    const config = { replicaof: `${host} ${port}`, 'replica-priority': '0' }
    await using replica = await RedisServer.start(config)
    const isTold = (message: string) => () => log.refusal?.message === message
    const unasked = `The Redis server has replicas that cannot be asked whether they may be promoted: ${replica.place}.`
    await eventually('the refusal names it', isTold(unasked), LIMIT)
    replica.freeze()
    await site.server.call('CLIENT', 'KILL', 'TYPE', 'replica')
    const gone = `Redis replicas that were never asked whether they may be promoted follow no more: ${replica.place}.`
    await eventually('the refusal says that it is gone', isTold(gone), LIMIT)
    await wait(FORGET_AFTER + ASKED_AGAIN)
    assert.equal(await takes(log), false)
    assert.match(log.refusal?.advice ?? '', /start the controllers anew/)
    replica.thaw()
    await replica.call(...users)
    await eventually('changes go again', () => takes(log), LIMIT)
  })

  it('one that never will and is slow keeps no controller from starting', async () => {
    await using site = await startSingle()
    const { host, port } = site.server
    await using replica = await RedisServer.start({ replicaof: `${host} ${port}`, 'replica-priority': '0' })
    const isOnline = async () => /state=online/.test(await site.server.info('replication', 'slave0'))
    await eventually('it follows', isOnline, LIMIT)
    replica.freeze()
    const opening = openRedisLog(optionsFor(site, 'slow'))
    await wait(SILENT)
    replica.thaw()
    await using log = await opening
    await eventually('changes go', () => takes(log), FORGET_AFTER)
  })
})

it('one Sentinel that is named of three is no majority, and the refusal says so', async () => {
  await using site = await startWithSentinels(1)
  await using log = await openRedisLog(optionsFor(site, 'few', { urls: site.urls.slice(0, 1) }))
  const isSaid = () => log.refusal?.message.includes('redisUrls names 1 of 3 Sentinels')
  await eventually('the refusal says how many there are', isSaid, LIMIT)
  assert.equal(await takes(log), false)
  await using other = await openRedisLog(optionsFor(site, 'more', { urls: site.urls.slice(0, 2) }))
  await eventually('changes go', () => takes(other), LIMIT)
})

it('in a Cluster a controller starts with two nodes named, one of which is dead', async () => {
  await using site = await startCluster()
  const primary = await site.primary()
  const follower = `:${await primary.info('replication', 'slave0')}`.match(/port=(\d+)/)?.[1]
  const others = site.servers.filter((one) => one !== primary && String(one.port) !== follower)
  const [dead, named] = others
  assert.ok(dead && named)
  await dead.kill()
  const urls = [dead, named].map(({ place }) => `redis+cluster://${place}`)
  await using log = await openRedisLog(optionsFor(site, 'test', { urls }))
  await eventually('changes go', () => takes(log), LIMIT)
})

async function followersOf(server: RedisServer): Promise<string> {
  return server.info('replication', 'connected_slaves')
}

/** Cuts off all replicas but the one that came first. */
async function endAllButFirst(primary: RedisServer): Promise<void> {
  for (const id of (await followersIds(primary)).slice(1)) await primary.call('CLIENT', 'KILL', 'ID', id)
}

/** Cuts off all replicas but the one that came last. */
async function endAllButLast(primary: RedisServer): Promise<void> {
  for (const id of (await followersIds(primary)).slice(0, -1)) await primary.call('CLIENT', 'KILL', 'ID', id)
}

async function lastToFollow(primary: RedisServer): Promise<number> {
  return (await followersIds(primary)).at(-1) ?? 0
}

/** Their connections, in the order in which they came. */
async function followersIds(primary: RedisServer): Promise<number[]> {
  const said = String(await primary.call('CLIENT', 'LIST', 'TYPE', 'replica'))
  return [...said.matchAll(/^id=(\d+) /gm)].map(([, id]) => Number(id)).toSorted((a, b) => a - b)
}

async function behindProxies({ sentinels }: RedisSite, stack: AsyncDisposableStack) {
  const proxies = await Promise.all(sentinels.map(({ port }) => FaultProxy.to(port)))
  for (const proxy of proxies) stack.use(proxy)
  return { proxies, urls: proxies.map(({ port }) => `redis+sentinel://127.0.0.1:${port}/${PRIMARY_NAME}`) }
}

/** One that is given up at once, and tried again, is another by then. */
async function lastingLink(log: RedisLog): Promise<RedisLog['link'] | undefined> {
  const link = linkOf(log)
  await wait(300)
  return link === linkOf(log) ? link : undefined
}

function linkOf(log: RedisLog): RedisLog['link'] | undefined {
  try {
    return log.link
  } catch {
    return undefined
  }
}
