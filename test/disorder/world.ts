import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { memberPlace } from '../../src/address/allocation.ts'
import { addMember, removeMember } from '../../src/controller/commands/member.ts'
import { createNetwork } from '../../src/controller/commands/network.ts'
import { setPolicy } from '../../src/controller/commands/policy.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { openController } from '../../src/controller/open.ts'
import { controllerSettings } from '../../src/controller/settings.ts'
import type { NodeId } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { applyEntry } from '../../src/model/apply.ts'
import { emptyState, type Member, type Network, type State } from '../../src/model/state.ts'
import { loadSettings } from '../../src/settings.ts'
import { findNetwork } from '../lookup.ts'
import { eventually } from '../rig.ts'
import { PatientClock } from './clock.ts'
import { SimAgent } from './simagent.ts'

const settings = loadSettings(controllerSettings, {
  environment: {},
  flags: { gatherMilliseconds: 2, heartbeatSeconds: 300, listen: ['unix:/nowhere'] },
})
const log = pino({ level: 'silent' })

/** Looks, 10 ms apart, at which nothing was sent: much longer than pushes are gathered. */
const QUIET_LOOKS = 10

/** One network for each way in which keys come to be. */
export const NETWORKS = ['issued', 'derived']

/** A controller and its agents in one process, with lines between them that a test can trouble. */
export class World implements AsyncDisposable {
  readonly agents: readonly SimAgent[]
  readonly clock = new PatientClock()
  readonly #dataDir: string
  #controller: Controller | undefined

  private constructor(dataDir: string, agents: number) {
    this.#dataDir = dataDir
    this.agents = Array.from({ length: agents }, (_, at) => new SimAgent(`n${at}`))
  }

  static async start(agents: number): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'weft-disorder-')), agents)
    await world.#open()
    const { controller } = world
    for (const [at, name] of NETWORKS.entries())
      await controller.change({ actor: 'test' }, (state, tools) =>
        createNetwork(state, tools, { name, keyCustody: at === 0 ? 'controller' : 'node' }),
      )
    const token = await controller.change({ actor: 'test' }, (state, tools) =>
      createJoinToken(state, tools, { uses: agents }),
    )
    assert.ok(!token.repeated)
    const secret = Buffer.from(token.result.secret.expose()).toString()
    for (const agent of world.agents) await agent.connect(controller, secret)
    return world
  }

  get controller(): Controller {
    assert.ok(this.#controller)
    return this.#controller
  }

  isMember(agent: SimAgent, network: string): boolean {
    return findNetwork(this.controller.state, network).members.has(agent.identity.id)
  }

  async join(agent: SimAgent, name: string): Promise<void> {
    await this.controller.change({ actor: 'test' }, (state, tools) =>
      addMember(state, tools, findNetwork(state, name).id, agent.identity.id),
    )
  }

  async leave(agent: SimAgent, name: string): Promise<void> {
    await this.controller.change({ actor: 'test' }, (state, tools) =>
      removeMember(state, tools, findNetwork(state, name).id, agent.identity.id),
    )
  }

  /** From now on only these pairs of agents may talk in a network, each from the first to the second; undefined: all may. */
  async permit(name: string, pairs: readonly (readonly [SimAgent, SimAgent])[] | undefined): Promise<void> {
    const rules = (pairs ?? []).map(([from, to]) => ({ from: from.identity.id, to: to.identity.id }))
    await this.controller.change({ actor: 'test' }, (state) =>
      setPolicy(state, findNetwork(state, name).id, { default: pairs ? 'deny' : 'allow', rules }),
    )
  }

  /** The controller stops without a word to anybody, and starts again on the same log. */
  async restart(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.disconnect()))
    await this.controller[Symbol.asyncDispose]()
    await this.#open()
  }

  /** No more trouble: everybody is connected and reads. Then waits until nobody has anything more to do. */
  async settle(): Promise<void> {
    for (const agent of this.agents) {
      agent.fail([])
      agent.flow()
      await agent.connect(this.controller)
    }
    await eventually('every agent has what the log says', () => this.#heals(), 20_000)
    // It may have been so for a moment, before something that was on its way.
    let [frames, same] = [Number.NaN, 0]
    const isQuiet = async () => {
      const sent = await this.#framesSent()
      same = sent === frames ? same + 1 : 0
      frames = sent
      return same > QUIET_LOOKS && (await this.#agrees(this.controller.state))
    }
    await eventually('it stays so', isQuiet, 20_000)
  }

  /** What the log alone says, and whether every interface is that. */
  async check(): Promise<void> {
    await this.controller[Symbol.asyncDispose]()
    this.#controller = undefined
    const kept = await openSqliteLog(join(this.#dataDir, 'log.db'))
    let state = emptyState
    for await (const entry of kept.read(1)) state = applyEntry(state, entry)
    await kept[Symbol.asyncDispose]()
    for (const { network, agent } of this.#places(state))
      assert.deepEqual(
        await found(agent, network),
        wanted(network, agent),
        `${agent.name} in ${network.name}`,
      )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.disconnect()))
    await this.#controller?.[Symbol.asyncDispose]()
    await rm(this.#dataDir, { recursive: true, force: true })
  }

  async #open(): Promise<void> {
    const tools = { clock: this.clock, random: systemRandom, log }
    this.#controller = await openController({ ...settings, dataDir: this.#dataDir }, tools)
  }

  #places(state: State) {
    return [...state.networks.values()].flatMap((network) => this.agents.map((agent) => ({ network, agent })))
  }

  /** The slow compare, sixty parts of an hour at once, and whatever waits for its next try. */
  async #heals(): Promise<boolean> {
    for (let minute = 0; minute < 60; minute++) this.clock.passTime()
    return this.#agrees(this.controller.state)
  }

  async #framesSent(): Promise<number> {
    const metric = await this.controller.metrics.getSingleMetric('weft_agent_frames_sent_total')?.get()
    return metric?.values[0]?.value ?? Number.NaN
  }

  async #agrees(state: State): Promise<boolean> {
    const members = [...state.networks.values()].flatMap((network) => [...network.members.values()])
    if (!members.every(({ publicKey }) => publicKey)) return false
    for (const { network, agent } of this.#places(state)) {
      const [is, ought] = [await found(agent, network), wanted(network, agent)]
      if (JSON.stringify(is) !== JSON.stringify(ought)) return false
    }
    return true
  }
}

/** What an interface has to be, by what the log says and nothing else; undefined for one that must not be. */
function wanted(network: Network, agent: SimAgent) {
  const own = network.members.get(agent.identity.id)
  if (!own?.publicKey) return undefined
  const others = [...network.members.values()].filter(
    ({ node, publicKey }) => node !== own.node && publicKey && isPermitted(network, own.node, node),
  )
  const { ipv4, ipv6 } = memberPlace(network, own.slot)
  return {
    publicKey: own.publicKey,
    addresses: [`${ipv4}/32`, `${ipv6}/128`].sort(),
    peers: others.map((other) => [other.publicKey, subnetsOf(network, other)] as const).sort(byKey),
  }
}

/** The policies of this test name nodes only. A pair that may open something to each other, either way, is one of peers. */
function isPermitted({ policy }: Network, a: NodeId, b: NodeId): boolean {
  const speaksOf = (from: NodeId, to: NodeId) =>
    policy.rules.some((rule) => rule.from === from && rule.to === to)
  return policy.default === 'allow' || speaksOf(a, b) || speaksOf(b, a)
}

function subnetsOf(network: Network, { slot }: Member): string[] {
  const { subnetIpv4, subnetIpv6 } = memberPlace(network, slot)
  return [subnetIpv4, subnetIpv6].sort()
}

async function found(agent: SimAgent, network: Network) {
  const device = await agent.device(network.id)
  if (!device) return undefined
  const peers = [...device.peers.values()].map(
    ({ publicKey, allowedIps }) => [publicKey, allowedIps] as const,
  )
  return { publicKey: device.publicKey, addresses: [...device.addresses].sort(), peers: peers.sort(byKey) }
}

function byKey(
  [a]: readonly [string | undefined, unknown],
  [b]: readonly [string | undefined, unknown],
): number {
  return (a ?? '') < (b ?? '') ? -1 : 1
}
