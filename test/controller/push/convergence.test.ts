import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changeLabels } from '../../../src/controller/commands/label.ts'
import { setPolicy } from '../../../src/controller/commands/policy.ts'
import { setRoles } from '../../../src/controller/commands/role.ts'
import type { Controller } from '../../../src/controller/controller.ts'
import { Presence } from '../../../src/controller/presence/presence.ts'
import { convergence } from '../../../src/controller/push/convergence.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { findNetwork, findNode } from '../../lookup.ts'
import { nodeId } from '../../model/history.ts'
import { RawAgent } from '../../rawagent.ts'
import { allApplied, eventually, startRig } from '../../rig.ts'
import { labelled, NETWORK, permitted } from '../../topology/policy/play.ts'
import { BARE_REPORT } from '../presence/report.ts'
import { FeedWorld } from './feed-world.ts'
import { positionOf } from './position.ts'

describe('Convergence', () => {
  it('is reached when every connected member has applied the latest, whoever is away', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    assert.equal(of(rig.controller).converged, true, 'a network without members has nothing to wait for')
    const join = await rig.joinToken({ networks: ['demo'], uses: 3 })
    const agents = ['a', 'b', 'c'].map((name) => rig.startAgent({ join, name }))
    const size = () => findNetwork(rig.controller.state, 'demo').members.size
    await eventually('all have applied', () => size() === 3 && allApplied(rig.controller, 'demo'), 20_000)
    const { members, items } = of(rig.controller)
    assert.deepEqual(
      { ...members, handshaking: 0 },
      { total: 3, online: 3, delivered: 3, applied: 3, handshaking: 0 },
    )
    for (const item of items) {
      assert.equal(item.progress, 'applied')
      assert.equal(item.appliedRevision, item.desiredRevision)
      assert.equal(item.deliveredRevision, item.desiredRevision)
    }
    await agents[2]?.stop()
    await eventually(
      'c is away',
      () => !rig.controller.status.node(findNode(rig.controller.state, 'c').id).online,
    )
    await rig.removeMember('demo', 'b')
    await eventually('the rest has applied', () => of(rig.controller).converged)
    assert.deepEqual(progressOf(rig.controller), { a: 'applied', c: 'offline' })
  })

  it('says of each member that lags where its change is, and why', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 3 })
    using silent = await RawAgent.join(join, { name: 'silent' })
    using refusing = await RawAgent.join(join, { name: 'refusing' })
    const network = findNetwork(rig.controller.state, 'demo').id
    refusing.send({
      type: 'refused',
      network,
      epoch: 1,
      revision: 2,
      code: 'port-taken',
      reason: 'No port is free.',
    })
    await eventually('both lag', () => {
      const { silent: first, refusing: second } = progressOf(rig.controller)
      return first === 'delivered' && second === 'refused'
    })
    const { converged, items } = of(rig.controller)
    assert.equal(converged, false)
    assert.match(items.find(({ name }) => name === 'refusing')?.reason ?? '', /No port is free/)
    assert.ok(silent.framesOf('snapshot').length > 0)
  })

  it('waits for the own record of a member, also where its class does not see itself', async () => {
    await using rig = await startRig()
    const { id: network } = await rig.createNetwork({ name: 'demo', topology: 'sites' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 1, labels: { c: 'b', site: 'x' } })
    using agent = await RawAgent.join(join, { name: 'one' })
    const { controller } = rig
    const rules = [{ from: 'c=a', to: 'c=b' }]
    await eventually('it is told at first', () => agent.framesOf('snapshot').length > 0)
    const first = agent.frames.length
    await controller.change({ actor: 'test' }, (state) =>
      setPolicy(state, network, { default: 'deny', rules }),
    )
    await eventually('it is told', () => agent.frames.length > first)
    await eventually('that is known', () => of(controller).items[0]?.progress === 'delivered')
    const { epoch, revision } = positionOf(rig, agent, network)
    const digest = agent.view(network).digest()
    const apply = (self?: number) =>
      agent.send({ type: 'applied', network, epoch, revision, digest, took: 1, ...(self && { self }) })
    const own = () => findNetwork(controller.state, 'demo').members.get(agent.node)?.revision
    const before = own()
    apply(before)
    await eventually('all is applied', () => of(controller).converged)

    const told = agent.framesOf('self').length
    await controller.change({ actor: 'test' }, (state) => changeLabels(state, agent.node, { site: 'y' }))
    assert.notEqual(own(), before)
    assert.equal(of(controller).converged, false, 'it does not have its own record yet')
    assert.equal(controller.status.member(findNetwork(controller.state, 'demo'), agent.node).state, 'pending')
    await eventually('it is told', () => agent.framesOf('self').length > told)
    apply(before)
    agent.send({ type: 'hello' } as never)
    await eventually('all was read', () => agent.framesOf('error').length === 1)
    assert.equal(of(controller).items[0]?.progress, 'delivered')
    apply(own())
    await eventually('it has it', () => of(controller).converged)
    const [item] = of(controller).items
    assert.deepEqual(
      [item?.desiredRevision, item?.deliveredRevision, item?.appliedRevision],
      [own(), own(), own()],
    )
    apply()
    agent.send({ type: 'hello' } as never)
    await eventually('all was read again', () => agent.framesOf('error').length === 2)
    assert.ok(of(controller).converged, 'one of an older release does not say which it has')
  })

  it('comes by itself with agents whose own records change', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 2, labels: { site: 'x' } })
    for (const name of ['a', 'b']) rig.startAgent({ join, name })
    const { controller } = rig
    await eventually(
      'both are there',
      () => controller.state.nodes.size === 2 && of(controller).converged,
      20_000,
    )
    const { id } = findNode(controller.state, 'a')
    await controller.change({ actor: 'test' }, (state, tools) => setRoles(state, tools, id, ['gateway']))
    assert.equal(of(controller).converged, false)
    await eventually('both have it', () => of(controller).converged)
    for (const { appliedRevision, desiredRevision } of of(controller).items)
      assert.equal(appliedRevision, desiredRevision)
  })

  it('is no older answer that reads like the one that is due: after a policy went back, and at a return with nothing', async () => {
    await using rig = await startRig()
    const { id: network } = await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 2, labels: { c: 'a' } })
    using one = await RawAgent.join(join, { name: 'one' })
    using two = await RawAgent.join(join, { name: 'two' })
    const { controller } = rig
    const set = async (isOpen: boolean) => {
      const rules = isOpen ? [{ from: 'c=a', to: 'c=a' }] : [{ from: 'c=a', to: 'c=b' }]
      await controller.change({ actor: 'test' }, (state) =>
        setPolicy(state, network, { default: 'deny', rules }),
      )
      await eventually('both are told', () =>
        [one, two].every((agent) => agent.view(network).size === (isOpen ? 2 : 0)),
      )
      await eventually('that is known', () =>
        of(controller).items.every(({ progress }) => progress !== 'undelivered'),
      )
    }
    const apply = (agent: RawAgent) => {
      const self = findNetwork(controller.state, 'demo').members.get(agent.node)?.revision
      const { hints: _, ...position } = positionOf(rig, agent, network)
      agent.send({
        type: 'applied',
        ...position,
        digest: agent.view(network).digest(),
        took: 1,
        ...(self && { self }),
      })
    }
    const isApplied = (agent: RawAgent) =>
      controller.status.member(findNetwork(controller.state, 'demo'), agent.node).state === 'applied'
    await set(false)
    const denied = one.view(network).digest()
    for (const agent of [one, two]) apply(agent)
    await eventually('both have it', () => of(controller).converged)

    await set(true)
    assert.notEqual(one.view(network).digest(), denied)
    await set(false)
    assert.equal(one.view(network).digest(), denied)
    assert.equal(of(controller).converged, false, 'what was opened by mistake may be open yet')
    assert.ok(!isApplied(one))
    for (const agent of [one, two]) apply(agent)
    await eventually('the correction is there', () => of(controller).converged && isApplied(one))

    // In the same session, and then in another.
    one.send({ type: 'have', networks: [], facts: NO_FACTS })
    await eventually('it has nothing yet', () => !of(controller).converged && !isApplied(one))
    apply(one)
    await eventually('it has all', () => of(controller).converged)
    const position = positionOf(rig, one, network)
    one[Symbol.dispose]()
    await eventually('it is away', () => !controller.status.node(one.node).online)
    using back = await RawAgent.return(join, one.identity, [])
    await eventually('it is told all', () => back.framesOf('snapshot').length > 0)
    assert.equal(of(controller).converged, false, 'it came back with nothing')
    assert.equal(of(controller).items.find(({ node }) => node === back.node)?.appliedRevision, 0)
    apply(back)
    await eventually('it is there', () => of(controller).converged)
    using again = await RawAgent.return(join, one.identity, [position])
    await eventually('it is told that nothing is new', () => again.framesOf('current').length > 0)
    assert.equal(of(controller).converged, false, 'it has said nothing of its interface')
    again.send({ type: 'applied', ...position, digest: denied, took: 0 })
    await eventually('it has', () => of(controller).converged)
  })

  it('is looked at without working out what classes are to be told: that is done in turns', async () => {
    const world = new FeedWorld()
    world.come(1, 2, 3)
    for (const number of [1, 2, 3]) world.wish(labelled(number, { svc: `${number}` }))
    const ports = [{ first: 80, last: 80 }]
    world.wish(permitted(...[1, 2, 3].map((each) => ({ from: `svc=${each}`, to: '*', ports }))))
    const [online, offline] = [[nodeId(1), nodeId(2)], nodeId(3)]
    const presence = new Presence()
    for (const node of online) presence.arrived(node, 0, BARE_REPORT)
    const made: NodeId[] = []
    const look = () =>
      convergence(world.network, {
        state: world.state,
        presence,
        now: 0,
        feed: (node) =>
          presence.get(node)?.online
            ? world.feeds.seek(NETWORK, node, () => made.push(node))
            : world.feeds.peek(NETWORK, node),
        cursor: () => undefined,
        ownRevision: () => 0,
        hasAnswered: () => false,
      })
    for (let again = 0; again < 3; again++) {
      const { converged, items } = look()
      assert.equal(converged, false)
      assert.deepEqual(items.map(({ progress }) => progress).sort(), [
        'offline',
        'undelivered',
        'undelivered',
      ])
    }
    assert.deepEqual([world.counts.encodings, made], [0, []])
    await eventually('it is worked out', () => made.length === online.length)
    assert.deepEqual(made, online)
    assert.ok(online.every((node) => world.feeds.peek(NETWORK, node) === world.feed(node)))
    assert.equal(world.feeds.peek(NETWORK, offline), undefined)
  })

  it('counts who shakes hands with anybody', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 2 })
    using a = await RawAgent.join(join, { name: 'a' })
    using b = await RawAgent.join(join, { name: 'b' })
    const network = findNetwork(rig.controller.state, 'demo').id
    const report = (from: RawAgent, to: RawAgent, handshakeAge: number) =>
      from.send({
        type: 'report',
        network,
        peers: [{ node: to.node, handshakeAge, rxBytes: 1, txBytes: 1 }],
        drift: [],
      })
    report(a, b, 5)
    report(b, a, 500)
    await eventually('a shakes hands', () => of(rig.controller).members.handshaking === 1)
  })

  it('measures how long changes take to be delivered and applied, in two series for all', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ networks: ['demo'], uses: 9 })
    for (const name of ['a', 'b', 'c']) rig.startAgent({ join, name })
    const size = () => findNetwork(rig.controller.state, 'demo').members.size
    await eventually('all have applied', () => size() === 3 && allApplied(rig.controller, 'demo'), 20_000)
    const [before] = await counts(rig.controller)
    rig.startAgent({ join, name: 'd' })
    await eventually(
      'all four have applied',
      () => size() === 4 && allApplied(rig.controller, 'demo'),
      20_000,
    )
    await eventually('three were told and have answered', async () => {
      const [delivered, applied] = await counts(rig.controller)
      return (delivered ?? 0) >= (before ?? 0) + 3 && delivered === applied
    })
  })
})

const NO_FACTS = { addresses: [], mtu: 1_500, ports: [], device: 'memory' as const, version: '0' }

function of(controller: Controller) {
  return controller.status.convergence(findNetwork(controller.state, 'demo'))
}

function progressOf(controller: Controller): Record<string, string> {
  return Object.fromEntries(of(controller).items.map(({ name, progress }) => [name, progress]))
}

async function counts(controller: Controller): Promise<(number | undefined)[]> {
  const text = await controller.metrics.metrics()
  return ['delivered', 'applied'].map((what) => {
    const found = new RegExp(`^weft_change_${what}_seconds_count (\\d+)$`, 'm').exec(text)?.[1]
    return found === undefined ? undefined : Number(found)
  })
}
