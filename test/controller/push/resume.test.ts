import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NetworkId } from '../../../src/model/names.ts'
import { RawAgent } from '../../rawagent.ts'
import { eventually, type Rig, startRig } from '../../rig.ts'
import { positionOf } from './position.ts'

const MEMBERS = 12

describe('A resume', () => {
  it('costs less than 1 KB for each agent when the controller was started again and nothing changed', async () => {
    await using rig = await startRig()
    const world = await gather(rig)
    await rig.restart()
    const returned = await world.returnAll()
    await eventually('all are told that', () => returned.every(({ frames }) => frames.length > 0))
    const bytes = (await sent(rig, 'bytes')) / MEMBERS
    assert.ok(bytes < 1_024, `${bytes} bytes each`)
    for (const { frames } of returned)
      assert.deepEqual(
        frames.map(({ type }) => type),
        ['current'],
      )
  })

  it('tells of the one member that came back at another address, and of no other', async () => {
    await using rig = await startRig()
    const world = await gather(rig)
    await rig.restart()
    const returned = await world.returnAll((at) => (at === 0 ? '203.0.113.200' : address(at)))
    const moved = returned[0]?.node
    assert.ok(moved)
    for (const agent of returned) {
      await eventually('the new address is told', () => agent.hint(world.network, moved)?.direct.length)
      const told = agent.framesOf('hints').flatMap(({ hints }) => hints.map(({ node }) => node))
      assert.deepEqual(new Set(told), new Set([moved]))
      assert.deepEqual(agent.hint(world.network, moved)?.direct, ['203.0.113.200:51820'])
    }
  })

  it('brings the changes since and not the whole when little happened while an agent was away', async () => {
    await using rig = await startRig()
    const world = await gather(rig)
    const [first] = world.agents
    assert.ok(first)
    const [position] = world.positions(first)
    first[Symbol.dispose]()
    using joined = await RawAgent.join(world.token, { name: 'late', facts: factsAt(world.network, 99) })
    await eventually('the newcomer is told', () => joined.view(world.network).size === MEMBERS + 1)
    using back = await RawAgent.return(
      world.token,
      first.identity,
      position ? [position] : [],
      factsAt(world.network, 0),
    )
    await eventually('it is told', () => back.frames.length > 0)
    assert.deepEqual(
      back.frames.map(({ type }) => type),
      ['delta'],
    )
  })

  it('tells an agent nothing that claims to have more than the log and cannot prove it', async () => {
    await using rig = await startRig()
    const world = await gather(rig)
    const [first, second] = world.agents
    assert.ok(first && second)
    const [position] = world.positions(first)
    assert.ok(position)
    using liar = await RawAgent.return(world.token, first.identity, [
      { ...position, revision: position.revision + 5 },
    ])
    await eventually('it is asked for a proof', () => liar.framesOf('prove').length > 0)
    const [forged] = liar.framesOf('prove')
    assert.ok(forged)
    const signature = 'A'.repeat(86)
    liar.send({ type: 'proof', network: world.network, kind: 'head', body: 'AAAA', signature })
    await eventually('the forgery is refused', () =>
      liar.framesOf('error').some(({ code }) => code === 'digest-mismatch'),
    )
    const [snapshot] = second.framesOf('snapshot')
    assert.ok(snapshot)
    const { body, signature: real } = snapshot
    liar.send({ type: 'proof', network: world.network, kind: 'head', body, signature: real })
    // Of a network that the log never heard of it is told nothing either: not even that it is gone.
    liar.send({ type: 'resync', network: 'net-aaaaaaaaaaaaaaaa' })
    liar.witness(world.network, [])
    await eventually('all was looked at', () =>
      liar.framesOf('error').some(({ message }) => /witness/.test(message)),
    )
    assert.equal(liar.framesOf('removed').length, 0)
    assert.equal(rig.controller.state.epoch, 1)
    assert.equal(liar.framesOf('snapshot').length, 0)
  })

  it('tells a member that was removed while it was away so, and nothing else', async () => {
    await using rig = await startRig()
    const world = await gather(rig)
    const [first] = world.agents
    assert.ok(first)
    const positions = world.positions(first)
    first[Symbol.dispose]()
    await rig.removeMember('demo', 'n0')
    using joined = await RawAgent.join(world.token, { name: 'late', facts: factsAt(world.network, 99) })
    await eventually('the newcomer is told', () => joined.view(world.network).size === MEMBERS)
    using back = await RawAgent.return(world.token, first.identity, positions, factsAt(world.network, 0))
    await eventually('it is to show what it has', () => back.frames.length > 0)
    const { body, signature } = first.framesOf('delta').at(-1) ?? assert.fail()
    back.send({ type: 'proof', network: world.network, kind: 'delta', body, signature })
    await eventually('it is told', () => back.frames.length > 1)
    assert.deepEqual(
      back.frames.map(({ type }) => type),
      ['prove', 'removed'],
    )
    assert.equal(back.heardOf('203.0.113.100'), false)
  })
})

/** A network of raw agents, each with an address of its own, that know of one another. */
async function gather(rig: Rig) {
  const { id: network } = await rig.createNetwork({ name: 'demo' })
  const token = await rig.joinToken({ networks: ['demo'], uses: MEMBERS + 1 })
  const agents: RawAgent[] = []
  for (let at = 0; at < MEMBERS; at++)
    agents.push(await RawAgent.join(token, { name: `n${at}`, facts: factsAt(network, at) }))
  // Hints are cheap to look for; a view verifies every signature, so it is asked for last.
  const knowsAll = (agent: RawAgent) =>
    agents.every(({ node }) => agent.hint(network, node)?.direct.length) &&
    agent.view(network).size === MEMBERS
  for (const agent of agents) await eventually('it knows everybody', () => knowsAll(agent), 30_000)
  const positions = (agent: RawAgent) => [positionOf(rig, agent, network)]
  const returnAll = (addressOf = address) => {
    for (const agent of agents) agent[Symbol.dispose]()
    return Promise.all(
      agents.map((agent, at) =>
        RawAgent.return(token, agent.identity, positions(agent), factsAt(network, at, addressOf(at))),
      ),
    )
  }
  return { network, token, agents, positions, returnAll }
}

function address(at: number): string {
  return `203.0.113.${at + 1}`
}

function factsAt(network: NetworkId, at: number, own = address(at)) {
  return { addresses: [`${own}/24`], ports: [{ network, port: 51_820 }] }
}

async function sent(rig: Rig, what: 'bytes' | 'frames'): Promise<number> {
  const metric = await rig.controller.metrics.getSingleMetric(`weft_agent_${what}_sent_total`)?.get()
  return metric?.values[0]?.value ?? Number.NaN
}
