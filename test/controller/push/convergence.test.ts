import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Controller } from '../../../src/controller/controller.ts'
import { findNetwork, findNode } from '../../lookup.ts'
import { RawAgent } from '../../rawagent.ts'
import { allApplied, eventually, startRig } from '../../rig.ts'

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
      () => !rig.controller.nodeStatus(findNode(rig.controller.state, 'c').id).online,
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

function of(controller: Controller) {
  return controller.convergence(findNetwork(controller.state, 'demo'))
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
