import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changeLabels } from '../../../src/controller/commands/label.ts'
import { type PolicyInput, setPolicy } from '../../../src/controller/commands/policy.ts'
import type { Forecast } from '../../../src/controller/push/forecast.ts'
import { Message } from '../../../src/controller/push/message.ts'
import type { Decision } from '../../../src/controller/tools.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import type { NetworkId } from '../../../src/model/names.ts'
import type { Labels, State } from '../../../src/model/state.ts'
import type { ControllerFrame, Hint } from '../../../src/protocol/frames.ts'
import { findNetwork, findNode } from '../../lookup.ts'
import { RawAgent } from '../../rawagent.ts'
import { allApplied, eventually, type Rig, startRig } from '../../rig.ts'

const DENY: PolicyInput = { default: 'deny', rules: [] }
const WEB_TO_DB: PolicyInput = {
  default: 'deny',
  rules: [{ from: 'role=web', to: 'role=db', protocols: ['tcp'], ports: [5_432] }],
}

describe('Members of a network with a policy', () => {
  it('are told of those alone that a rule permits, each with what it lets in, and of themselves', async () => {
    await using world = await World.open({ web: ['web-1', 'web-2'], db: ['db-1'] })
    await world.set(WEB_TO_DB)
    await world.sees('web-1', ['db-1'])
    await world.sees('web-2', ['db-1'])
    await world.sees('db-1', ['web-1', 'web-2'])
    const filter = world.view('db-1').filter
    const groups = ['web-1', 'web-2'].map((name) => world.view('db-1').record(world.node(name))?.group)
    assert.equal(new Set(groups).size, 1)
    const [group] = groups
    assert.ok(filter && group)
    assert.deepEqual(filter.others, [])
    assert.deepEqual(filter.groups.get(group), [{ protocol: 'tcp', ports: [{ first: 5_432, last: 5_432 }] }])
    assert.deepEqual(world.view('web-1').filter, { others: [], groups: new Map() })
    // Nobody else tells it how it can be reached itself.
    await eventually('web-1 hears of itself', () => world.hint('web-1', 'web-1'))
  })

  it('learn nothing at all of a member that they may not see: no record, no hint, no LAN', async () => {
    await using world = await World.open({}, DENY)
    const addresses = ['10.0.0.1/24', '10.0.0.2/24', '10.0.0.3/24']
    const [a, b, c] = await world.join({ role: 'x' }, ['a', 'b', 'c'], (at) => ({
      addresses: [addresses[at] ?? '', `203.0.113.${at + 1}/24`],
      ports: [{ network: world.network, port: 51_820 }],
    }))
    assert.ok(a && b && c)
    await world.set({ default: 'deny', rules: [{ from: 'a', to: 'b' }] })
    await eventually('a knows where b is', () => a.hint(world.network, b.node))
    for (const one of [a, b]) {
      assert.equal(one.hint(world.network, c.node), undefined)
      assert.equal(one.view(world.network).record(c.node), undefined)
      assert.equal(one.lan(world.network, c.node), undefined)
      for (const address of ['10.0.0.3', '203.0.113.3']) assert.ok(!one.heardOf(address))
    }
    await world.set({ default: 'deny', rules: [{ from: 'a', to: 'c' }] })
    await world.sees('a', ['c'])
    await world.sees('b', [])
  })

  it('are told where a member is once it has a port there, and that stands while it has none', async () => {
    const place = (port: number) => ({
      addresses: ['203.0.113.1/24'],
      ports: [{ network: world.network, port }].filter((bound) => bound.port > 0),
    })
    await using world = await World.open({ x: ['viewer'] })
    const [mover] = await world.join({}, ['mover'], () => place(0))
    assert.ok(mover)
    await world.sees('viewer', ['viewer', 'mover'])
    // What comes after the report of another member shows that there was nothing to be told of this one.
    const [first] = await world.join({}, ['first'])
    await eventually('first is known', () => first && world.hint('viewer', 'first'))
    assert.equal(world.hint('viewer', 'mover'), undefined)
    mover.report(place(51_820))
    const direct = ['203.0.113.1:51820']
    await eventually('mover is known', () => world.hint('viewer', 'mover')?.direct.join() === direct.join())
    mover.report(place(0))
    const [last] = await world.join({}, ['last'])
    await eventually('last is known', () => last && world.hint('viewer', 'last'))
    assert.deepEqual(world.hint('viewer', 'mover')?.direct, direct)
    assert.equal(
      world
        .agent('viewer')
        .framesOf('hints')
        .flatMap(({ hints }) => hints.filter(({ node }) => node === mover.node)).length,
      1,
    )
  })

  it('follow labels: who becomes another is seen by others, and sees others', async () => {
    await using world = await World.open({ web: ['web-1', 'web-2'], db: ['db-1'] })
    await world.set(WEB_TO_DB)
    await world.sees('web-1', ['db-1'])
    await world.label('web-2', { role: 'db' })
    await world.sees('web-1', ['db-1', 'web-2'])
    await world.sees('web-2', ['web-1'])
    await world.sees('db-1', ['web-1'])
    await world.label('web-2', { role: null })
    await world.sees('web-2', [])
    await world.sees('web-1', ['db-1'])
  })

  it('see all again when the policy goes, and records are as without one', async () => {
    await using world = await World.open({ web: ['web-1'], db: ['db-1'] })
    const before = world.view('web-1').record(world.node('db-1'))
    await world.set(DENY)
    await world.sees('web-1', [])
    await world.set({ default: 'allow', rules: [] })
    await world.sees('web-1', ['db-1', 'web-1'])
    assert.deepEqual(world.view('web-1').record(world.node('db-1')), before)
    assert.equal(world.view('web-1').filter, undefined)
  })

  it('of another class are sent nothing at a change of a class that they do not see', async () => {
    const rules = ['a', 'b'].map((group) => ({ from: `role=${group}`, to: `role=${group}` }))
    await using world = await World.open({ a: ['a-1', 'a-2'], b: ['b-1'] }, { default: 'deny', rules })
    await world.sees('a-1', ['a-1', 'a-2'])
    await world.sees('b-1', ['b-1'])
    await eventually('b-1 is told where it is itself', () => world.agent('b-1').framesOf('hints').length > 0)
    const before = world.agent('b-1').frames.length
    const counts = await world.counts()
    await world.join({ role: 'a' }, ['a-3'])
    await world.sees('a-1', ['a-1', 'a-2', 'a-3'])
    assert.equal(world.agent('b-1').frames.length, before)
    // Nothing is filtered where all that see each other may open everything.
    assert.equal(world.view('a-1').record(world.node('a-2'))?.group, '')
    assert.equal(world.view('a-1').filter, undefined)
    const { encodings, signatures } = await world.counts()
    assert.ok(encodings - counts.encodings < 12 && signatures - counts.signatures < 12)
  })

  it('are told a later revision when members of several classes come together in one', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = (labels: Labels, uses: number) => rig.joinToken({ networks: ['demo'], uses, labels })
    const [many, one, db] = [await join({ of: 'many' }, 3), await join({}, 1), await join({ of: 'db' }, 1)]
    for (const name of ['a-1', 'a-2', 'a-3']) rig.startAgent({ join: many, name })
    rig.startAgent({ join: one, name: 'b' })
    rig.startAgent({ join: db, name: 'db' })
    const network = () => findNetwork(rig.controller.state, 'demo')
    await eventually('all are there', () => network().members.size === 5)
    const icmp = { to: 'of=db', protocols: ['icmp' as const] }
    // The feed that most were told of before goes on, and the last policy is no news in it: but it is to the one that comes.
    for (const rules of [[{ ...icmp, from: 'of=many' }], [{ ...icmp, from: '*' }]]) {
      await eventually('all have applied', () => allApplied(rig.controller, 'demo'))
      await rig.controller.change({ actor: 'test' }, (state) =>
        setPolicy(state, network().id, { default: 'deny', rules }),
      )
    }
    await eventually('all have applied', () => allApplied(rig.controller, 'demo'))
  })

  it('are sent as many bytes as was forecast, of another policy and of a member that goes', async () => {
    await using world = await World.open({ web: ['web-1', 'web-2'], db: ['db-1'] })
    const names = ['web-1', 'web-2', 'db-1']
    await eventually('all know where all are', () =>
      names.every((viewer) => names.every((of) => viewer === of || world.hint(viewer, of))),
    )
    const changes = [
      (state: State) => setPolicy(state, world.network, WEB_TO_DB),
      (state: State) => setPolicy(state, world.network, { default: 'allow', rules: [] }),
      () => leaving(world.network, world.node('db-1')),
    ]
    for (const change of changes) {
      const { bytes, count, members } = await world.forecast(change)
      assert.ok(count >= 2 && count === members.length)
      assert.equal(
        bytes,
        members.reduce((sum, each) => sum + each.bytes, 0),
      )
      const before = names.map((name) => world.agent(name).frames.length)
      await world.change(change)
      const wanted = names.map((name) => members.find(({ node }) => node === world.node(name))?.bytes ?? 0)
      const sent = () => names.map((name, at) => sizeOf(world.agent(name).frames.slice(before[at])))
      await eventually(`${wanted} bytes are sent`, () =>
        sent().every((size, at) => size >= (wanted[at] ?? 0)),
      )
      assert.deepEqual(sent(), wanted)
    }
  })
})

function leaving(network: NetworkId, node: NodeId): Decision<undefined> {
  return { events: [{ type: 'member-removed', network, node, at: Date.now() }], result: undefined }
}

/** What goes to one member alone for its LAN is not forecast. */
function sizeOf(frames: readonly ControllerFrame[]): number {
  return frames.reduce(
    (sum, frame) => sum + (frame.type === 'lan' ? 0 : new Message(frame).for(true).bytes.length),
    0,
  )
}

/** A controller with agents that say and do what a test wants, in one network with a policy. */
class World implements AsyncDisposable {
  readonly network: NetworkId
  readonly #rig: Rig
  readonly #agents = new Map<string, RawAgent>()

  private constructor(rig: Rig, network: NetworkId) {
    this.#rig = rig
    this.network = network
  }

  /** @param names of agents by the label `role` that they get */
  static async open(
    names: Readonly<Record<string, readonly string[]>>,
    policy?: PolicyInput,
  ): Promise<World> {
    const rig = await startRig()
    const { id } = await rig.createNetwork({ name: 'demo' })
    const world = new World(rig, id)
    if (policy) await world.set(policy)
    for (const [role, some] of Object.entries(names)) await world.join({ role }, some)
    if (!policy) await world.sees(Object.values(names)[0]?.[0] ?? '', Object.values(names).flat())
    return world
  }

  async join(
    labels: Readonly<Record<string, string>>,
    names: readonly string[],
    facts: (at: number) => object = () => ({ ports: [{ network: this.network, port: 51_820 }] }),
  ): Promise<RawAgent[]> {
    const token = await this.#rig.joinToken({ networks: ['demo'], labels, uses: names.length })
    const agents = await Promise.all(
      names.map((name, at) => RawAgent.join(token, { name, facts: facts(at), url: this.#rig.url })),
    )
    for (const [at, agent] of agents.entries()) this.#agents.set(names[at] ?? '', agent)
    return agents
  }

  async change(decide: (state: State) => Decision<unknown>): Promise<void> {
    await this.#rig.controller.change({ actor: 'test' }, decide)
  }

  async forecast(decide: (state: State) => Decision<unknown>): Promise<Forecast> {
    const { controller } = this.#rig
    return (await controller.rehearse(decide(controller.state).events)).push
  }

  async set(policy: PolicyInput): Promise<void> {
    await this.#rig.controller.change({ actor: 'test' }, (state) =>
      setPolicy(state, findNetwork(state, 'demo').id, policy),
    )
  }

  async label(node: string, labels: Readonly<Record<string, string | null>>): Promise<void> {
    await this.#rig.controller.change({ actor: 'test' }, (state) =>
      changeLabels(state, findNode(state, node).id, labels),
    )
  }

  /** Waits until an agent has been told of these members and no others. */
  async sees(viewer: string, wanted: readonly string[]): Promise<void> {
    const expected = wanted.map((name) => this.node(name)).sort()
    await eventually(`${viewer} sees ${wanted.join(', ') || 'nobody'}`, () => {
      const seen = this.view(viewer).nodes().sort()
      return seen.length === expected.length && seen.every((node, at) => node === expected[at])
    })
  }

  agent(name: string): RawAgent {
    const agent = this.#agents.get(name)
    assert.ok(agent)
    return agent
  }

  node(name: string) {
    return this.agent(name).node
  }

  view(name: string) {
    return this.agent(name).view(this.network)
  }

  hint(viewer: string, of: string): Hint | undefined {
    return this.agent(viewer).hint(this.network, this.node(of))
  }

  async counts(): Promise<{ readonly encodings: number; readonly signatures: number }> {
    const count = async (what: string) => {
      const metric = await this.#rig.controller.metrics.getSingleMetric(`weft_content_${what}_total`)?.get()
      return metric?.values[0]?.value ?? Number.NaN
    }
    return { encodings: await count('encodings'), signatures: await count('signatures') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#agents.values()) agent[Symbol.dispose]()
    await this.#rig[Symbol.asyncDispose]()
  }
}
