import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deleteNetwork } from '../../src/controller/commands/network.ts'
import { raiseEpoch } from '../epoch.ts'
import { findNetwork } from '../lookup.ts'
import { eventually } from '../rig.ts'
import type { SimAgent } from './simagent.ts'
import { World } from './world.ts'

const STEPS = {
  remove: (world: World, agent: SimAgent) => world.leave(agent, 'issued'),
  add: (world: World, agent: SimAgent) => world.join(agent, 'issued'),
  raise: (world: World) => raiseEpoch(world.controller),
  delete: async ({ controller }: World) => {
    const { id } = findNetwork(controller.state, 'issued')
    await controller.change({ actor: 'test' }, (state) => deleteNetwork(state, id))
  },
}

const ENDS: readonly (readonly (keyof typeof STEPS)[])[] = [
  ['remove'],
  ['remove', 'raise'],
  ['raise', 'remove'],
  ['raise', 'remove', 'add', 'remove'],
  ['remove', 'raise', 'delete'],
  ['delete', 'raise'],
]

describe('A member that was taken out while it was away', () => {
  for (const steps of ENDS)
    it(`takes its interface down when it comes back: ${steps.join(', ')}`, async () => {
      await using world = await World.start(3)
      const [agent, ...others] = world.agents
      assert.ok(agent)
      for (const other of [agent, ...others]) await world.join(other, 'issued')
      await world.settle()
      const { id } = findNetwork(world.controller.state, 'issued')
      assert.ok(await agent.device(id))
      await agent.disconnect()
      for (const step of steps) await STEPS[step](world, agent)
      await agent.connect(world.controller)
      await eventually('it is down', async () => !(await agent.device(id)))
    })
})

describe('A member that was added again in a history that is lost', () => {
  it('keeps its interface, for what the log knows of it is older than that', async () => {
    await using world = await World.start(3)
    const [agent, other, third] = world.agents
    assert.ok(agent && other && third)
    for (const each of [agent, other]) await world.join(each, 'issued')
    await world.settle()
    const { id } = findNetwork(world.controller.state, 'issued')
    await world.leave(agent, 'issued')
    const restore = await world.backup()
    await world.join(agent, 'issued')
    await world.settle()
    assert.ok(await agent.device(id))
    await restore()
    // The log has gone further than what the agent has seen before that comes back: it looks like what the agent knows.
    for (let times = 0; times < 3; times++) {
      await world.join(third, 'issued')
      await world.leave(third, 'issued')
    }
    assert.equal(world.controller.state.epoch, 1)
    await shows(world, agent)
    assert.ok(await agent.device(id))
    await raiseEpoch(world.controller)
    await agent.disconnect()
    await shows(world, agent)
    assert.ok(await agent.device(id))
    await world.join(agent, 'issued')
    await agent.disconnect()
    await world.leave(agent, 'issued')
    await agent.connect(world.controller)
    await eventually('it is down once this log has taken it out', async () => !(await agent.device(id)))
  })
})

/** It comes, shows what it has, and has done what it was told then. */
async function shows(world: World, agent: SimAgent): Promise<void> {
  const seen = () => world.faults.get('proof double') ?? 0
  const before = seen()
  world.suffer('proof', ['double'])
  await agent.connect(world.controller)
  await eventually('it shows what it has', () => seen() > before)
  const { id } = findNetwork(world.controller.state, 'carried')
  await world.join(agent, 'carried')
  await eventually('it does what it is told after that', () => agent.device(id))
  await world.leave(agent, 'carried')
  await eventually('and leaves as it is told', async () => !(await agent.device(id)))
}
