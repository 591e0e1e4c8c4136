import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { systemClock } from '../../src/clock.ts'
import { createNetwork } from '../../src/controller/commands/network.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import { findNetwork } from '../../src/controller/lookup.ts'
import { openController } from '../../src/controller/open.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import { RawAgent } from '../rawagent.ts'
import { allApplied, eventually } from '../rig.ts'
import { call } from './call.ts'
import { type Replica, ReplicaFleet } from './fleet.ts'
import { startSingle } from './site.ts'

describe('Three controllers on one Redis', () => {
  let site: Awaited<ReturnType<typeof startSingle>>
  let fleet: ReplicaFleet
  before(async () => {
    site = await startSingle()
    fleet = await ReplicaFleet.start(site, 3)
  })
  after(async () => {
    await fleet[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })

  const tokenFor = async (uses: number, networks: readonly string[] = []) => {
    const { controller } = fleet.at(0)
    const made = await controller.change({ actor: 'test' }, (state, tools) =>
      createJoinToken(state, tools, { uses, networks }),
    )
    assert.ok(!made.repeated)
    return controller.joinToken(made.result.secret)
  }
  const network = (at: number, name: string) =>
    fleet.at(at).controller.change({ actor: 'test' }, (state, tools) => createNetwork(state, tools, { name }))

  it('show one first token, and are one authority', () => {
    assert.equal(fleet.replicas.filter(({ firstToken }) => firstToken).length, 1)
    const prints = fleet.replicas.map(({ controller }) => controller.authority.fingerprint)
    assert.equal(new Set(prints).size, 1)
  })

  it('let a caller read at any replica what it wrote at another', async () => {
    for (let number = 0; number < 30; number++) {
      const [one, other] = [fleet.at(number), fleet.at(number + 1)]
      const made = await call(one, fleet.token, 'POST', '/v1/networks', { body: { name: `own-${number}` } })
      assert.equal(made.status, 201)
      const headers = { 'weft-sequence': String(made.headers['weft-sequence']) }
      const read = await call(other, fleet.token, 'GET', `/v1/networks/own-${number}`, { headers })
      assert.equal(read.status, 200, read.text)
    }
  })

  it('say 503 where a replica does not come as far in time, and 400 to what is no sequence', async () => {
    const ahead = { 'weft-sequence': '999999999' }
    const late = await call(fleet.at(0), fleet.token, 'GET', '/v1/networks', { headers: ahead })
    assert.equal(late.status, 503)
    const wrong = await call(fleet.at(0), fleet.token, 'GET', '/v1/networks', {
      headers: { 'weft-sequence': 'x' },
    })
    assert.equal(wrong.status, 400)
  })

  it('decide on what another did a moment ago, also without a word about it', async () => {
    for (let number = 0; number < 20; number++) {
      await network(number, `decided-${number}`)
      const { status } = await call(
        fleet.at(number + 1),
        fleet.token,
        'DELETE',
        `/v1/networks/decided-${number}`,
      )
      assert.equal(status, 204)
    }
  })

  it('do a request once, at whichever replicas it is repeated', async () => {
    const ask = (at: number) =>
      call(fleet.at(at), fleet.token, 'POST', '/v1/networks', {
        body: { name: 'once' },
        headers: { 'idempotency-key': 'the-same' },
      })
    const answers = await Promise.all([0, 1, 2, 0, 1, 2].map(ask))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
  })

  it('give every change its place when all of them write at once', async () => {
    // What other replicas were asked before may not have come here yet.
    const { controller: first } = fleet.at(0)
    await first.catchUp(first.deadline('read'))
    const before = first.state.sequence
    const names = Array.from({ length: 120 }, (_, at) => `many-${at}`)
    await Promise.all(names.map((name, at) => network(at, name)))
    const arrived = () =>
      fleet.replicas.every(({ controller }) => controller.state.sequence >= before + names.length)
    await eventually('all of it is everywhere', arrived, 20_000)
    for (const { controller } of fleet.replicas) {
      const ranges = names.map((name) => findNetwork(controller.state, DEFAULT_PROJECT, name).ipv4)
      assert.equal(new Set(ranges).size, names.length, 'no range is given twice')
      assert.equal(controller.state.sequence, before + names.length)
    }
  })

  it('let exactly one of 200 in that join at once with a token for one', async () => {
    const token = await tokenFor(1)
    const joins = Array.from({ length: 200 }, (_, at) =>
      RawAgent.join(token, { name: `racer-${at}`, url: fleet.at(at).url }),
    )
    const ended = await Promise.allSettled(joins)
    const joined = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const refusals = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    for (const agent of joined) agent[Symbol.dispose]()
    assert.equal(joined.length, 1)
    assert.deepEqual(new Set(refusals), new Set(['token-spent']))
    const racers = [...fleet.at(0).controller.state.nodes.values()].filter(({ name }) => /^racer-/.test(name))
    assert.equal(racers.length, 1)
  })

  it('tell agents at all replicas what was changed at one', async () => {
    await network(0, 'shared')
    const token = await tokenFor(9, ['shared'])
    for (let at = 0; at < 9; at++) fleet.startAgent(`agent-${at}`, token)
    await eventually(
      'all nine have joined',
      () => findNetwork(fleet.at(0).controller.state, DEFAULT_PROJECT, 'shared').members.size === 9,
      20_000,
    )
    await eventually(
      'every member has applied the latest, at one replica or another',
      () => fleet.replicas.every(({ controller }) => allApplied(controller, 'shared')),
      20_000,
    )
  })

  it('show an agent as online wherever one asks, and its links too', async () => {
    const isOnline = ({ controller }: Replica) =>
      [...findNetwork(controller.state, DEFAULT_PROJECT, 'shared').members.keys()].every(
        (node) => controller.status.node(node).online,
      )
    await eventually('all are online at all', () => fleet.replicas.every(isOnline), 20_000)
  })

  it('serve an agent that is connected twice once, by its newer session', async () => {
    const identity = new Identity(new SecretBytes(systemRandom(32)))
    const token = await tokenFor(1)
    using older = await RawAgent.join(token, { name: 'twice', url: fleet.at(0).url, identity })
    await eventually('the others know of it', () => fleet.at(1).controller.status.node(older.node).online)
    using newer = await RawAgent.return(token, identity, [], {}, fleet.at(1).url)
    await eventually('the older session ends', () => older.isClosed, 10_000)
    await eventually(
      'the first knows of the newer',
      () => fleet.at(0).controller.status.node(newer.node).online,
    )
    assert.equal(newer.isClosed, false)
  })

  it('send nobody away for good while they cannot know whether it has joined again', async () => {
    const identity = new Identity(new SecretBytes(systemRandom(32)))
    const token = await tokenFor(1)
    const agent = await RawAgent.join(token, { name: 'removed', url: fleet.at(0).url, identity })
    agent[Symbol.dispose]()
    const removed = await call(fleet.at(0), fleet.token, 'DELETE', '/v1/nodes/removed')
    assert.equal(removed.status, 204, removed.text)
    const isRemoved = () => fleet.at(1).controller.state.removedNodes.has(identity.id)
    await eventually('the other knows', isRemoved)
    const back = () => RawAgent.return(token, identity, [], {}, fleet.at(1).url)
    site.server.freeze()
    try {
      await assert.rejects(back(), { code: 'store-unavailable' })
    } finally {
      site.server.thaw()
    }
    const answer = await eventually('it hears of it', () =>
      back().catch(({ code }) => code !== 'store-unavailable' && code),
    )
    assert.equal(answer, 'forbidden')
  })

  it('refuse one with another wrapping key, or none, by name', async () => {
    const { settings } = fleet.at(0)
    const tools = { clock: systemClock, random: systemRandom, log: pino({ level: 'silent' }) }
    const dataDir = join(settings.dataDir, 'stranger')
    const none = { ...settings, dataDir, wrappingKeyFile: '' }
    await assert.rejects(openController(none, tools), { code: 'invalid-config', field: 'wrappingKeyFile' })
    process.env.WEFT_WRAPPING_KEY = Buffer.alloc(32, 7).toString('base64url')
    try {
      await assert.rejects(openController(none, tools), { code: 'digest-mismatch', advice: /wrapping key/ })
    } finally {
      delete process.env.WEFT_WRAPPING_KEY
    }
  })
})
