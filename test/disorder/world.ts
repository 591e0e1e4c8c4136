import assert from 'node:assert/strict'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { changeLabels } from '../../src/controller/commands/label.ts'
import { addMember, removeMember } from '../../src/controller/commands/member.ts'
import { createNetwork } from '../../src/controller/commands/network.ts'
import { type PolicyInput, setPolicy } from '../../src/controller/commands/policy.ts'
import { setRoles } from '../../src/controller/commands/role.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { NOTES_FILE } from '../../src/controller/home.ts'
import { HEAD_FILE } from '../../src/controller/ledger/kepthead.ts'
import { openController } from '../../src/controller/open.ts'
import { COMPARE_PARTS } from '../../src/controller/push/comparison.ts'
import { controllerSettings } from '../../src/controller/settings.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { backupLog } from '../../src/log/backup.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { applyEntry } from '../../src/model/apply.ts'
import { emptyState, type Network, type State } from '../../src/model/state.ts'
import { loadSettings } from '../../src/settings.ts'
import { findNetwork } from '../lookup.ts'
import { eventually } from '../rig.ts'
import { PatientClock } from './clock.ts'
import type { Fault, FrameType } from './line.ts'
import { found, wanted } from './oracle.ts'
import { SimAgent } from './simagent.ts'

const settings = loadSettings(controllerSettings, {
  environment: {},
  flags: { gatherMilliseconds: 2, heartbeatSeconds: 300, listen: ['unix:/nowhere'] },
})
const log = pino({ level: 'silent' })

/** Looks, 10 ms apart, at which nothing was sent: much longer than pushes are gathered. */
const QUIET_LOOKS = 10

/** A network for each way in which keys come to be, and one in which some carry for others, and see all. */
export const NETWORKS = ['issued', 'derived', 'carried'] as const

const KINDS = {
  issued: { keyCustody: 'controller' },
  derived: { keyCustody: 'node' },
  carried: { keyCustody: 'controller', topology: 'hub' },
} as const

/** A controller and its agents in one process, with lines between them that a test can trouble. */
export class World implements AsyncDisposable {
  readonly agents: readonly SimAgent[]
  readonly clock = new PatientClock()
  /** How often which fault happened to which frames. */
  readonly faults = new Map<string, number>()
  /** What happens to the next frames of a type, whoever's they are. */
  readonly #trouble = new Map<FrameType, Fault[]>()
  readonly #dataDir: string
  #controller: Controller | undefined
  /** Whether a frame was lost, or came after its time, since all was quiet. */
  #hasLost = false
  #hasCorrupted = false

  private constructor(dataDir: string, agents: number) {
    this.#dataDir = dataDir
    const onFault = (type: FrameType, fault: Fault) => {
      const key = `${type} ${fault}`
      this.faults.set(key, (this.faults.get(key) ?? 0) + 1)
      if (fault === 'corrupt') this.#hasCorrupted = true
      else if (fault !== 'double') this.#hasLost = true
    }
    const tools = { clock: this.clock, onFault, trouble: this.#trouble }
    this.agents = Array.from({ length: agents }, (_, at) => new SimAgent(at, tools))
  }

  static async start(agents: number): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'weft-disorder-')), agents)
    await world.#open()
    const { controller } = world
    for (const name of NETWORKS)
      await controller.change({ actor: 'test' }, (state, tools) =>
        createNetwork(state, tools, { name, ...KINDS[name] }),
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

  async permit(name: string, policy: PolicyInput): Promise<void> {
    await this.controller.change({ actor: 'test' }, (state) =>
      setPolicy(state, findNetwork(state, name).id, policy),
    )
  }

  async label(agent: SimAgent, labels: Readonly<Record<string, string | null>>): Promise<void> {
    await this.controller.change({ actor: 'test' }, (state) => changeLabels(state, agent.identity.id, labels))
  }

  /** Whether it carries for others where that is how they talk. */
  async carry(agent: SimAgent, isHub: boolean): Promise<void> {
    await this.controller.change({ actor: 'test' }, (state, tools) =>
      setRoles(state, tools, agent.identity.id, isHub ? ['hub'] : []),
    )
  }

  /** It is a relay from now on, and all get a place in the transit. */
  async makeRelay(agent: SimAgent): Promise<void> {
    await this.controller.change({ actor: 'test' }, (state, tools) =>
      setRoles(state, tools, agent.identity.id, ['relay']),
    )
  }

  /** Each happens to one of the next frames of this type, in whatever session. */
  suffer(type: FrameType, faults: readonly Fault[]): void {
    this.#trouble.set(type, [...faults])
  }

  /** The relay sees where packets of a peer come from, if that is a peer by now, and says so. */
  async witness(relay: SimAgent, peer: SimAgent, endpoint: string): Promise<void> {
    const { state } = this.controller
    const keys = NETWORKS.map((name) => findNetwork(state, name).members.get(peer.identity.id)?.publicKey)
    for (const key of keys) if (state.transit && key) await relay.seePeer(state.transit, key, endpoint)
    await relay.look()
  }

  /** The controller stops without a word to anybody, and starts again on the same log. */
  async restart(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.disconnect()))
    await this.controller[Symbol.asyncDispose]()
    await this.#open()
  }

  /** Copies the log. Gives what puts the copy in the place of the log, as where the disk was lost with all that is beside it. */
  async backup(): Promise<() => Promise<void>> {
    const [path, copy] = [join(this.#dataDir, 'log.db'), join(this.#dataDir, 'copy.db')]
    await backupLog(path, copy)
    return async () => {
      await Promise.all(this.agents.map((agent) => agent.disconnect()))
      await this.controller[Symbol.asyncDispose]()
      for (const name of ['log.db', 'log.db-wal', 'log.db-shm', HEAD_FILE, NOTES_FILE])
        await rm(join(this.#dataDir, name), { force: true })
      await rename(copy, path)
      await this.#open()
    }
  }

  /**
   * No more trouble: everybody is connected and reads. Then waits until nobody has anything more to do. The hour helps only
   * where a frame was lost: everything else has to come by itself.
   */
  async settle(): Promise<void> {
    this.#trouble.clear()
    for (const agent of this.agents) {
      agent.fail('controller', [])
      agent.fail('agent', [])
      agent.lose(undefined)
      agent.flow()
      await agent.connect(this.controller)
    }
    try {
      await eventually('every agent has what the log says', () => this.#heals(), 20_000)
    } catch (cause) {
      // Says what is the matter, if that is something that an agent has or lacks.
      await this.#compare(this.controller.state)
      throw cause
    }
    // It may have been so for a moment, before something that was on its way.
    let [frames, same] = [Number.NaN, 0]
    const isQuiet = async () => {
      const sent = await this.framesSent()
      same = sent === frames ? same + 1 : 0
      frames = sent
      return same > QUIET_LOOKS && (await this.#agrees(this.controller.state))
    }
    await eventually('it stays so', isQuiet, 20_000)
    this.#hasLost = false
    this.#hasCorrupted = false
  }

  /** What the log alone says, and whether every interface is that. */
  async check(): Promise<void> {
    await this.controller[Symbol.asyncDispose]()
    this.#controller = undefined
    const kept = await openSqliteLog(join(this.#dataDir, 'log.db'))
    let state = emptyState
    for await (const entry of kept.read(1)) state = applyEntry(state, entry)
    await kept[Symbol.asyncDispose]()
    await this.#compare(state)
  }

  async #compare(state: State): Promise<void> {
    for (const { network, agent } of this.#places(state)) await agent.device(network.id)
    for (const { network, agent } of this.#places(state))
      assert.deepEqual(
        await found(agent, network),
        wanted(state, network, agent, this.agents),
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
    const networks = NETWORKS.map((name) => findNetwork(state, name))
    return networks.flatMap((network) => this.agents.map((agent) => ({ network, agent })))
  }

  /** The slow compare, all parts of an hour at once, and whatever waits for its next try. */
  passHour(): void {
    for (let part = 0; part < COMPARE_PARTS; part++) this.clock.passTime()
  }

  async #heals(): Promise<boolean> {
    if (this.#hasLost) this.passHour()
    // Who was told what nobody can have said may have ended its session.
    if (this.#hasCorrupted) for (const agent of this.agents) await agent.connect(this.controller)
    return this.#agrees(this.controller.state)
  }

  /** By the controller, since it was started. */
  async framesSent(): Promise<number> {
    const metric = await this.controller.metrics.getSingleMetric('weft_agent_frames_sent_total')?.get()
    return metric?.values[0]?.value ?? Number.NaN
  }

  /** Whether all agents have what they should, and the controller knows that they do. */
  async #agrees(state: State): Promise<boolean> {
    const networks = NETWORKS.map((name) => findNetwork(state, name))
    const members = networks.flatMap((network) => [...network.members.values()])
    if (!members.every(({ publicKey }) => publicKey)) return false
    const pictures = await Promise.all(
      this.#places(state).map(async (place) => ({ ...place, is: await found(place.agent, place.network) })),
    )
    const areRight = pictures.every(
      ({ network, agent, is }) =>
        JSON.stringify(is) === JSON.stringify(wanted(state, network, agent, this.agents)),
    )
    return areRight && networks.every((network) => this.#isToldOf(network))
  }

  #isToldOf(network: Network): boolean {
    const { members } = this.controller.status.convergence(network)
    const knowsPorts = this.agents.every((agent) => {
      const { listenPort } = this.controller.status.member(network, agent.identity.id)
      return (listenPort ?? 0) === agent.portIn(network.id)
    })
    return members.applied === members.total && knowsPorts
  }
}
