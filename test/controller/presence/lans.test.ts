import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Role } from '../../../src/model/state.ts'
import { nodeId } from '../../model/history.ts'
import { topology } from '../../topology/policy/arbitrary.ts'
import { play, wish } from '../../topology/policy/play.ts'
import { LanWorld } from './lan-world.ts'

const NUMBERS = [1, 2, 3, 4, 5, 6]

describe('Members on one LAN', () => {
  const move = fc.record({
    kind: fc.constant('move' as const),
    number: fc.constantFrom(...NUMBERS),
    lan: fc.nat(1),
    port: fc.constantFrom(0, 51_820, 51_821),
  })
  const step = fc.record({
    what: fc.oneof({ arbitrary: move, weight: 2 }, { arbitrary: wish, weight: 3 }),
    /** Who reads then, and who loses its session and comes back. */
    readers: fc.subarray(NUMBERS),
    returning: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray(NUMBERS)),
    /** To whom what is due is sent, but has not come yet; who says what it has; and of whom that comes in. */
    slow: fc.subarray(NUMBERS),
    saying: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.subarray(NUMBERS)),
    answered: fc.subarray(NUMBERS),
  })
  it('are told all endpoints there of those that they see and of nobody else, whatever changes, whenever they read, and whatever they say that they have', async () => {
    await fc.assert(
      fc.asyncProperty(topology, fc.array(step, { maxLength: 30, size: 'max' }), async (shape, steps) => {
        const world = new LanWorld(shape, [3, 6])
        for (const number of NUMBERS) world.come(number)
        for (const { what, readers, returning, slow, saying, answered } of steps) {
          if (what.kind === 'move') world.move(what.number, what.lan, what.port)
          else world.change(play(world.state, [what]).events)
          for (const number of answered) world.answer(nodeId(number))
          await world.push()
          for (const number of slow) world.send(nodeId(number))
          for (const number of saying) world.say(nodeId(number))
          for (const number of readers) world.read(nodeId(number))
          for (const number of returning) world.comeBack(nodeId(number))
        }
        for (const viewer of world.members()) {
          for (let said = 0; said < steps.length; said++) world.answer(viewer)
          world.read(viewer)
          assert.deepEqual(world.known(viewer), world.wanted(viewer))
          const message = world.comeBack(viewer)
          // Where it is itself stands as it was told while it has no port, and is not told to who comes without one.
          if (world.hasPort(viewer)) assert.equal(message, undefined, 'the digest shows that it has all')
        }
      }),
      { numRuns: 150 },
    )
  })

  for (const [shape, role] of [
    ['hub', 'hub'],
    ['sites', 'gateway'],
  ] as const)
    it(`in ${shape}: who becomes a ${role} is told and named, and who is none any more is neither`, async () => {
      const world = new LanWorld(shape)
      for (const number of [1, 2, 3]) world.come(number)
      world.permit('deny')
      await world.push()
      const counts = () => [1, 2, 3].map((number) => world.read(nodeId(number)).known.size)
      assert.deepEqual(counts(), [0, 0, 0])
      for (const [roles, wanted] of [
        [[role], [2, 1, 1]],
        [[], [0, 0, 0]],
      ] as [Role[], number[]][]) {
        world.change([{ type: 'node-roles-set', id: nodeId(1), roles }])
        await world.push()
        assert.deepEqual(counts(), wanted)
      }
    })

  it('are told of one more with the same few bytes, however many they are, and encoded once', async () => {
    const costs = []
    for (const size of [30, 120]) {
      const world = new LanWorld('mesh')
      for (let number = 1; number <= size; number++) world.come(number)
      await world.push()
      for (const viewer of world.members()) world.read(viewer)
      const { encodings } = world
      for (const change of [
        () => world.come(200),
        () => world.move(7, 0, 51_821),
        () => world.move(7, 1, 0),
      ]) {
        const viewers = world.members().filter((node) => node !== nodeId(7))
        change()
        await world.push()
        const messages = viewers.flatMap((viewer) => world.read(viewer).message ?? [])
        assert.equal(messages.length, viewers.length)
        assert.equal(new Set(messages).size, 1)
        costs.push(messages[0]?.for(true).bytes.length)
        for (const viewer of world.members()) world.read(viewer)
      }
      // One for each change; all of it for the newcomer, and that all is gone for the one that left.
      assert.equal(world.encodings - encodings, 5)
    }
    assert.deepEqual(costs.slice(0, 3), costs.slice(3))
    for (const bytes of costs) assert.ok(bytes && bytes < 200)
  })

  it('who reads seldom are told who is lost to sight, also when that one has moved since', async () => {
    const world = new LanWorld('mesh')
    for (const number of [1, 2]) world.come(number)
    world.change(
      [1, 2].map((number) => ({ type: 'node-labels-set', id: nodeId(number), labels: { role: 'web' } })),
    )
    world.permit('deny', [{ from: 'role=web', to: 'role=web' }])
    await world.push()
    assert.equal(world.read(nodeId(1)).known.size, 1)
    world.permit('deny')
    world.move(2, 0, 51_821)
    await world.push()
    assert.equal(world.read(nodeId(1)).known.size, 0)
  })

  it('are told all when they are members again, though what they said before comes in then and is right again', async () => {
    for (const older of [[], [1, 2]]) {
      const world = new LanWorld('mesh', older)
      for (const number of [1, 2]) world.come(number)
      await world.push()
      for (const viewer of world.members()) world.read(viewer)
      world.say(nodeId(1))
      world.change(play(world.state, [{ kind: 'go', number: 1 }]).events)
      world.come(1)
      world.answer(nodeId(1))
      assert.equal(world.read(nodeId(1)).known.size, 1)
    }
  })

  it('who do not see themselves hear of a report that says something new of them, and of no other', async () => {
    const world = new LanWorld('mesh')
    world.come(1)
    world.permit('deny')
    await world.push()
    world.read(nodeId(1))
    const hears = async (lan: number, port: number) => {
      world.move(1, lan, port)
      await world.push()
      return world.read(nodeId(1)).message !== undefined
    }
    assert.equal(await hears(2, 51_820), false, 'it is on another LAN, and alone there')
    assert.equal(await hears(2, 51_821), true)
    assert.equal(world.isDue(nodeId(1)), false)
    world.move(1, 2, 51_821)
    await world.push()
    assert.equal(world.isDue(nodeId(1)), false)
    // While it sees itself it hears that with all others.
    world.permit('allow')
    assert.equal(await hears(2, 51_820), true)
    world.permit('deny')
    await world.push()
    assert.ok(world.read(nodeId(1)).message)
    assert.equal(await hears(2, 51_821), true, 'it was told the other one last')
  })

  it('are told nothing by a policy that changes nothing for them, and who has lost the thread is told all', async () => {
    const world = new LanWorld('mesh')
    for (const number of NUMBERS) world.come(number)
    await world.push()
    for (const viewer of world.members()) world.read(viewer)
    world.change([{ type: 'node-labels-set', id: nodeId(1), labels: { role: 'web' } }])
    world.permit('allow', [{ from: 'role=web', to: '*', protocols: ['tcp'] }])
    await world.push()
    for (const viewer of world.members()) assert.equal(world.read(viewer).message, undefined)
    for (let time = 0; time < 20; time++) world.permit(time % 2 ? 'allow' : 'deny')
    world.move(2, 0, 51_999)
    await world.push()
    assert.equal(world.read(nodeId(1)).known.get(nodeId(2))?.join(), '192.168.0.2:51999')
  })
})
