import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { deleteNetwork } from '../../src/controller/commands/network.ts'
import { removeNode } from '../../src/controller/commands/node.ts'
import { setRoles } from '../../src/controller/commands/role.ts'
import type { NodeId } from '../../src/keys/identity.ts'
import type { Network, Role } from '../../src/model/state.ts'
import { findNetwork, findNode } from '../lookup.ts'
import { RawAgent } from '../rawagent.ts'
import { allApplied, eventually, type Rig, startRig } from '../rig.ts'

const TRANSIT = 'weft-transit'

describe('Roles', () => {
  it('reach the records of every network of a node: the revision moves, and all agents apply it', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo', topology: 'hub' })
    await rig.createNetwork({ name: 'other' })
    const join = await rig.joinToken({ networks: ['demo', 'other'], uses: 3 })
    for (const name of ['a', 'b']) rig.startAgent({ join, name })
    using watcher = await RawAgent.join(join, { name: 'watcher' })
    await eventually('all are in', () => findNetwork(rig.controller.state, 'demo').members.size === 3)
    await eventually('a and b have applied', () => haveApplied(rig, 'demo', ['a', 'b']))
    const before = networks(rig, ['demo', 'other'])
    const a = await give(rig, 'a', ['hub', 'gateway', 'hub'])
    const after = networks(rig, ['demo', 'other'])
    for (const [at, network] of after.entries()) {
      assert.equal(network.revision, (before[at]?.revision ?? 0) + 1)
      assert.equal(network.members.get(a)?.revision, network.revision)
      const roles = () => watcher.view(network.id).record(a)?.roles
      await eventually('the record says so', () => roles()?.join() === 'gateway,hub')
      await eventually('a and b have applied', () => haveApplied(rig, network.name, ['a', 'b']))
    }
  })

  it('change nothing when they are what they were, in any order', async () => {
    await using rig = await startRig()
    using agent = await RawAgent.join(await rig.joinToken({}), { name: 'a' })
    await give(rig, 'a', ['hub', 'gateway'])
    const { sequence, nodes } = rig.controller.state
    await give(rig, 'a', ['gateway', 'hub'])
    assert.equal(rig.controller.state.sequence, sequence)
    assert.deepEqual(nodes.get(agent.node)?.roles, ['gateway', 'hub'])
  })

  it('bring no transit as long as none of them is that of a relay', async () => {
    await using rig = await startRig()
    using _ = await RawAgent.join(await rig.joinToken({}), { name: 'a' })
    await give(rig, 'a', ['hub', 'gateway'])
    assert.equal(rig.controller.state.transit, undefined)
  })
})

describe('The transit', () => {
  let rig: Rig
  const agents = new Map<string, RawAgent>()
  before(async () => {
    rig = await startRig({ gatherMilliseconds: 20 })
    await rig.createNetwork({ name: 'demo' })
    for (const name of ['relay-1', 'relay-2', 'a', 'b']) await join(name)
  })
  after(async () => {
    for (const agent of agents.values()) agent[Symbol.dispose]()
    await rig[Symbol.asyncDispose]()
  })

  async function join(name: string): Promise<RawAgent> {
    const agent = await RawAgent.join(await rig.joinToken({}), { name })
    agents.set(name, agent)
    return agent
  }

  const transit = () => findNetwork(rig.controller.state, TRANSIT)
  const names = () => [...transit().members.keys()].map((node) => nameOf(rig, node)).toSorted()
  const seenBy = (viewer: string) => {
    const records = agents.get(viewer)?.view(transit().id).records() ?? []
    return records.map(({ node }) => nameOf(rig, node)).toSorted()
  }
  const sees = (viewer: string, expected: string[]) =>
    eventually(`${viewer} sees ${expected}`, () => seenBy(viewer).join() === expected.join())

  it('comes to be with the first relay, of IPv6, with every node as a member', async () => {
    await give(rig, 'relay-1', ['relay'])
    assert.deepEqual([transit().topology, names()], ['transit', ['a', 'b', 'relay-1', 'relay-2']])
    assert.match(transit().ipv6, /^fd.*::\/48$/)
    assert.equal(rig.controller.state.transit, transit().id)
  })

  it('is there once, however many relays there are', async () => {
    const { id } = transit()
    await give(rig, 'relay-2', ['relay'])
    assert.deepEqual([transit().id, rig.controller.state.networks.size], [id, 2])
  })

  it('shows all members to relays, and to the others relays only', async () => {
    await sees('relay-1', ['a', 'b', 'relay-1', 'relay-2'])
    await sees('relay-2', ['a', 'b', 'relay-1', 'relay-2'])
    await sees('a', ['relay-1', 'relay-2'])
    await sees('b', ['relay-1', 'relay-2'])
    const self = agents.get('a')?.framesOf('self') ?? []
    assert.equal(self.length, 1, 'a is told of its own place all the same')
  })

  it('is entered by every node that joins later, which the others hear nothing of', async () => {
    const frames = agents.get('a')?.framesOf('delta').length
    await join('late')
    await sees('late', ['relay-1', 'relay-2'])
    await sees('relay-1', ['a', 'b', 'late', 'relay-1', 'relay-2'])
    assert.equal(agents.get('a')?.framesOf('delta').length, frames)
    assert.deepEqual(seenBy('a'), ['relay-1', 'relay-2'])
  })

  it('hides again what a node saw as a relay, and the node from the others, when it is none any more', async () => {
    await give(rig, 'relay-2', [])
    await sees('relay-2', ['relay-1'])
    await sees('a', ['relay-1'])
    await give(rig, 'relay-2', ['relay'])
    await sees('relay-2', ['a', 'b', 'late', 'relay-1', 'relay-2'])
    await sees('a', ['relay-1', 'relay-2'])
  })

  it('is left by a node that is removed', async () => {
    await rig.controller.change({ actor: 'test' }, (state, tools) =>
      removeNode(state, tools, findNode(state, 'late').id),
    )
    assert.deepEqual(names(), ['a', 'b', 'relay-1', 'relay-2'])
    await sees('relay-1', ['a', 'b', 'relay-1', 'relay-2'])
  })

  it('cannot be deleted', async () => {
    assert.throws(() => deleteNetwork(rig.controller.state, transit().id), { code: 'forbidden' })
  })

  it('makes relays witnesses of members that have no global address, and nobody else', async () => {
    const demo = findNetwork(rig.controller.state, 'demo')
    const token = await rig.joinToken({ networks: ['demo'] })
    const facts = { addresses: ['192.168.1.2/24'], ports: [{ network: demo.id, port: 51_820 }] }
    const [relay, other] = [agents.get('relay-1'), agents.get('a')]
    const known = relay?.framesOf('witness').length ?? 0
    using hidden = await RawAgent.join(token, { name: 'hidden', facts })
    await eventually('the relay is told', () => (relay?.framesOf('witness').length ?? 0) > known)
    for (const agent of [hidden, other]) assert.deepEqual(agent?.framesOf('witness'), [])
  })

  it('is applied by real agents, relays and others', async () => {
    await using own = await startRig()
    const token = await own.joinToken({ uses: 3 })
    for (const name of ['relay', 'x', 'y']) own.startAgent({ join: token, name })
    await eventually('all are in', () => own.controller.state.nodes.size === 3)
    await give(own, 'relay', ['relay'])
    await eventually('all have applied the transit', () => allApplied(own.controller, TRANSIT))
  })
})

async function give(rig: Rig, node: string, roles: readonly Role[]) {
  await rig.controller.change({ actor: 'test' }, (state, tools) =>
    setRoles(state, tools, findNode(state, node).id, roles),
  )
  return findNode(rig.controller.state, node).id
}

function networks(rig: Rig, names: readonly string[]): Network[] {
  return names.map((name) => findNetwork(rig.controller.state, name))
}

function haveApplied(rig: Rig, network: string, nodes: readonly string[]): boolean {
  const found = findNetwork(rig.controller.state, network)
  const ids = nodes.map((name) => findNode(rig.controller.state, name).id)
  return ids.every((id) => rig.controller.status.member(found, id).state === 'applied')
}

/** The id of a node that is gone. */
function nameOf(rig: Rig, node: NodeId): string {
  return rig.controller.state.nodes.get(node)?.name ?? node
}
