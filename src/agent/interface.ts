import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { WeftError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'
import type { AgentFrame } from '../protocol/frames.ts'
import type { DeviceDriver, InterfaceName } from '../wireguard/device.ts'
import { interfaceName } from '../wireguard/name.ts'
import type { NetworkPlan } from '../wireguard/plan.ts'
import { everyStep } from './every-step.ts'
import type { Underlay } from './facts.ts'
import type { Guide } from './guide.ts'
import { portOf, removeInterface } from './leftovers.ts'
import { MemberGuide } from './member-guide.ts'
import type { Replica } from './replica.ts'
import type { Finding } from './report.ts'
import type { Surroundings } from './surroundings.ts'
import { TransitGuide } from './transit-guide.ts'
import { type Observation, type PortBook, Tunnel } from './tunnel.ts'

export interface InterfaceTools {
  readonly identity: Identity
  readonly driver: DeviceDriver
  readonly clock: Clock
  readonly log: Logger
  readonly ports: PortBook
  readonly surroundings: Surroundings
  readonly underlay: () => Underlay
  /** Called before the interface is opened: what has to be over, and kept, before there is one. */
  readonly makeReady: () => Promise<void>
  /** Sends to the controller; does nothing while there is no session. */
  readonly send: (frame: AgentFrame) => void
  /** The transit changed, so the paths of the other networks may. */
  readonly onTransit: () => void
}

/** What this node has on the machine for one network: the tunnel, and by its guide what is beside that. One thing at a time. */
export class NetworkInterface {
  readonly #replica: Replica
  readonly #tools: InterfaceTools
  readonly #name: InterfaceName
  #guide: Guide | undefined
  #tunnel: Tunnel | undefined
  /** UDP port of the interface as it was last seen, for as long as nothing else is known of it. */
  #lastPort = 0

  constructor(replica: Replica, tools: InterfaceTools) {
    this.#replica = replica
    this.#tools = tools
    this.#name = interfaceName(tools.identity.id, replica.network)
  }

  /** Undefined until it is there. */
  get tunnel(): Tunnel | undefined {
    return this.#tunnel
  }

  /** 0 while none is bound. */
  get listenPort(): number {
    return this.#tunnel?.listenPort ?? this.#lastPort
  }

  /** Undefined until it was led once. */
  get guide(): Guide | undefined {
    return this.#guide
  }

  /** Brings all of it in line with what is known of the network. Whether enough is known for that. */
  async apply(): Promise<boolean> {
    const { keys } = this.#replica
    if (!keys) return false
    const tunnel = await this.#open()
    if (!this.#replica.position()) return false
    this.#guide ??= this.#createGuide()
    // A session that lives keeps its path, so the first plan has to know what is there.
    const plan = this.#guide.plan(tunnel.isNew ? tunnel.seen : undefined)
    if (!plan) return false
    await prepare(this.#guide, tunnel, plan)
    await tunnel.apply(plan, keys)
    this.#lastPort = tunnel.listenPort
    await this.#guide.applied(this.#name)
    return true
  }

  /** Puts right what somebody changed, and gives what was found. */
  async inspect(observation: Observation | undefined): Promise<Finding> {
    const [tunnel, guide] = [this.#tunnel, this.#guide]
    if (!tunnel) throw new WeftError('unavailable', 'Nothing is known of the interface at the moment.')
    const { peers, drift } = await tunnel.inspect(observation)
    const beside = (await guide?.inspect()) ?? []
    return { peers, drift: [...drift, ...beside], describe: (node) => guide?.describe(node) ?? {} }
  }

  /** What was known of the tunnel is of no use: the next plan begins with a look at what is there. It is at its port till then. */
  forget(): void {
    this.#tunnel = undefined
  }

  /** Takes all of it away. Rejects when something is left, and can be called again then. */
  async takeDown(): Promise<void> {
    const { driver } = this.#tools
    try {
      await this.#remove()
    } catch (error) {
      if (!this.#tunnel) this.#lastPort = await portOf(driver, this.#name)
      throw error
    }
  }

  #remove(): Promise<void> {
    const [guide, { driver }] = [this.#guide, this.#tools]
    if (!guide) return removeInterface(driver, this.#name)
    return everyStep(
      () => guide.leave(this.#name),
      () => driver.remove(this.#name),
    )
  }

  async #open(): Promise<Tunnel> {
    const { driver, clock, ports, makeReady } = this.#tools
    if (this.#tunnel) return this.#tunnel
    await makeReady()
    // Without waiting for the list of peers: making an interface takes as long as reading that.
    this.#tunnel = await Tunnel.adopt(await driver.open(this.#name), clock, ports)
    this.#lastPort = this.#tunnel.listenPort
    return this.#tunnel
  }

  #createGuide(): Guide {
    const { identity, clock, log, surroundings, driver, underlay, send, ports, onTransit } = this.#tools
    const common = { clock, log, surroundings, isReal: driver.kind !== 'memory' }
    if (!this.#replica.isTransit)
      return new MemberGuide(this.#replica, { ...common, own: identity.id, interface: this.#name })
    const others = () => ports.used().filter((port) => port !== this.listenPort)
    return new TransitGuide(this.#replica, { ...common, underlay, send, ports: others, onChange: onTransit })
  }
}

/** Without its filter a plan is not carried out, but for this: whoever is no peer any more goes at once. */
async function prepare(guide: Guide, tunnel: Tunnel, plan: NetworkPlan): Promise<void> {
  try {
    await guide.prepare(tunnel.isBare)
  } catch (error) {
    await tunnel.narrow(plan)
    throw error
  }
}
