import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findNetwork } from '../lookup.ts'
import { eventually } from '../rig.ts'
import type { FrameType } from './line.ts'
import type { SimAgent } from './simagent.ts'
import { World } from './world.ts'

/** What makes somebody send a frame of each type, beginning with two members of both networks and one of none. */
const CAUSES: Partial<Record<FrameType, (world: World, scene: Scene) => void | Promise<void>>> = {
  self: (world, { third }) => world.join(third, 'issued'),
  snapshot: (world, { third }) => world.join(third, 'issued'),
  delta: (world, { third }) => world.join(third, 'issued'),
  hints: (world, { third }) => world.join(third, 'issued'),
  removed: (world, { first }) => world.leave(first, 'issued'),
  'key-wanted': (world, { third }) => world.join(third, 'derived'),
  lan: (_, { first, second }) => first.move(second.lan),
  compare: (world) => world.passHour(),
  current: (world) => world.passHour(),
  have: (world) => world.passHour(),
  key: (world, { third }) => world.join(third, 'derived'),
  facts: (_, { first, second }) => first.move(second.lan),
  applied: (world, { third }) => world.join(third, 'issued'),
  report: (_, { first }) => first.look(),
  resync: async (world, { first, second, third }) => {
    second.lose('delta')
    await world.join(third, 'issued')
    await eventually('a delta is lost', () => world.faults.get('delta drop'))
    second.lose('resync')
    await world.leave(first, 'issued')
  },
}

interface Scene {
  readonly first: SimAgent
  readonly second: SimAgent
  readonly third: SimAgent
}

describe('A signed frame of which a bit is flipped', () => {
  for (const type of ['self', 'snapshot', 'delta', 'removed'] as const)
    it(`is refused, and what it said comes all the same: ${type}`, async () => {
      await using world = await World.start(3)
      const scene = await settle(world)
      world.suffer(type, ['corrupt', 'corrupt', 'corrupt'])
      await CAUSES[type]?.(world, scene)
      await eventually(`a ${type} frame is corrupted`, () => world.faults.get(`${type} corrupt`))
      await world.settle()
      await world.check()
    })
})

/** A relay told where its peers come from, and a member that only a relay can see from outside. */
const WITNESSED = '198.51.100.7:40000'

describe('A frame that is lost', () => {
  for (const [type, cause] of Object.entries(CAUSES)) {
    it(`is made good within the hour: ${type}`, async () => {
      await using world = await World.start(3)
      const scene = await settle(world)
      if (type !== 'resync') for (const agent of world.agents) agent.lose(type as FrameType)
      await cause(world, scene)
      await eventually(`a ${type} frame is lost`, () => world.faults.get(`${type} drop`))
      await world.settle()
      if (type === 'report') await eventually('the report is there', () => knowsReport(world, scene))
      await world.check()
    })
  }

  for (const type of ['witness', 'witnessed'] as const)
    it(`is made good within the hour: ${type}`, async () => {
      await using world = await World.start(3)
      const [relay, hidden, other] = world.agents
      assert.ok(relay && hidden && other)
      for (const agent of [hidden, other]) await world.join(agent, 'issued')
      await world.makeRelay(relay)
      await world.settle()
      relay.lose(type)
      hidden.hide(true)
      if (type === 'witness') await eventually('it is lost', () => world.faults.get('witness drop'))
      const { id: network } = findNetwork(world.controller.state, 'issued')
      const seen = () => world.witness(relay, hidden, WITNESSED)
      if (type === 'witnessed')
        await eventually('it is lost', () => seen().then(() => world.faults.get('witnessed drop')))
      await world.settle()
      await eventually('the others hear where it is', async () => {
        await seen()
        return other.kept(network)?.reachOf(hidden.identity.id).outside === WITNESSED
      })
    })

  it('is not sought where none was lost: an hour costs an agent a question, and a head for each network', async () => {
    await using world = await World.start(3)
    for (const agent of world.agents) for (const name of ['issued', 'derived']) await world.join(agent, name)
    for (let time = 0; time < 2; time++) {
      await world.settle()
      for (const agent of world.agents) await agent.look()
    }
    await world.settle()
    // Of reports the first would be lost, and that be seen.
    for (const agent of world.agents) agent.lose('report')
    const before = await world.framesSent()
    world.passHour()
    await eventually('all are answered', async () => (await world.framesSent()) >= before + 9)
    for (const agent of world.agents) await agent.look()
    assert.equal(world.faults.get('report drop'), undefined)
    assert.equal(await world.framesSent(), before + 9)
  })
})

/** Two of three are in both networks, and nothing is under way. */
async function settle(world: World): Promise<Scene> {
  const [first, second, third] = world.agents
  assert.ok(first && second && third)
  for (const agent of [first, second]) for (const name of ['issued', 'derived']) await world.join(agent, name)
  await world.settle()
  return { first, second, third }
}

const EVERYTHING = { project: undefined, bound: false }

/** Whether the controller knows what the one has to say of the other. It says so when it looks. */
async function knowsReport(world: World, { first, second }: Scene): Promise<boolean> {
  await first.look()
  const network = findNetwork(world.controller.state, 'issued')
  const link = await world.controller.status.link(
    network,
    [first.identity.id, second.identity.id],
    EVERYTHING,
  )
  return link.ends.some(({ id, endpoint }) => id === first.identity.id && endpoint !== undefined)
}
