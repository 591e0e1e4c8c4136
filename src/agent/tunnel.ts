import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { toWeftError } from '../errors.ts'
import type { KeyPair, PublicKey } from '../keys/wireguard.ts'
import { Blueprint } from '../wireguard/blueprint.ts'
import type { DesiredDevice, Device, ObservedDevice, ObservedPeer, Step } from '../wireguard/device.ts'
import { diff } from '../wireguard/diff.ts'
import type { NetworkPlan, PeerNews } from '../wireguard/plan.ts'
import { part, SimulatedInterface } from '../wireguard/simulated.ts'

/** Which ports the tunnels of this node use. */
export interface PortBook {
  /** The lowest port from `from` on that no other tunnel of this node has. */
  free(from: number): number
  /** Those that are bound. */
  used(): readonly number[]
}

/** What the device said of the peers at one time. */
export interface Glance {
  readonly peers: ReadonlyMap<PublicKey, ObservedPeer>
  /** When that was: of the same moment is what was asked of the same tunnel, with nothing done to the interface in between. */
  readonly moment: object
}

/** The same of all there is. */
export interface Observation extends Glance {
  readonly observed: ObservedDevice
}

/** Ports tried when one after the other is taken by other programs. */
const PORT_TRIES = 100

/**
 * One interface, brought in line with one plan after the other by the smallest difference. What the interface is, is
 * remembered between looks at it, so that a change of one peer runs one program, and costs no more in a large network.
 */
export class Tunnel {
  readonly #device: Device
  readonly #clock: Clock
  readonly #ports: PortBook
  #seen: SimulatedInterface | undefined
  /** Another one when something begins to be done to the interface, and when it is over; none is that of another tunnel. */
  #moment: object = {}
  #port: number
  #previous: DesiredDevice | undefined
  /** That of which `#previous` is the device; undefined when that is none of a whole plan. */
  #blueprint: Blueprint | undefined

  private constructor(device: Device, observed: ObservedDevice, clock: Clock, ports: PortBook) {
    this.#device = device
    this.#clock = clock
    this.#ports = ports
    this.#port = observed.up ? observed.listenPort : 0
    this.#seen = new SimulatedInterface(observed)
  }

  /** Takes over the interface as it is: one that runs keeps its port and its sessions. */
  static async adopt(device: Device, clock: Clock, ports: PortBook): Promise<Tunnel> {
    return new Tunnel(device, await device.observe(), clock, ports)
  }

  /** The UDP port that is bound; 0 before the first plan. */
  get listenPort(): number {
    return this.#port
  }

  /** The peers as they were last seen. */
  get seen(): ReadonlyMap<PublicKey, ObservedPeer> | undefined {
    return this.#seen?.observe().peers
  }

  /** Whether no plan was carried out as yet. */
  get isNew(): boolean {
    return this.#previous === undefined
  }

  /** Whether there are no peers on it as yet. */
  get isBare(): boolean {
    return this.isNew && this.#seen?.observe().peers.size === 0
  }

  /** Whether the last plan was carried out. */
  get isInLine(): boolean {
    return this.#blueprint !== undefined
  }

  /** Brings the interface in line; on an error it is looked at anew the next time. Moves to another port if need be. */
  async apply(plan: NetworkPlan, keys: KeyPair): Promise<void> {
    const { news } = plan
    const [seen, blueprint] = [this.#seen, this.#blueprint]
    if (news && seen && blueprint) return this.#follow(news, seen, blueprint)
    if (this.#port === 0) this.#port = this.#ports.free(0)
    for (let tries = 1; ; tries++) {
      try {
        const fresh = new Blueprint(plan, { ...keys, listenPort: this.#port })
        await this.#bringInLine(fresh.device)
        this.#blueprint = fresh
        return
      } catch (error) {
        this.#seen = undefined
        if (toWeftError(error).code !== 'port-taken' || tries === PORT_TRIES) throw error
        this.#port = this.#ports.free(this.#port + 1)
      }
    }
  }

  /** Takes out the peers that are not in a plan, and changes nothing else. */
  async narrow(plan: NetworkPlan): Promise<void> {
    if (!this.#previous) return
    this.#blueprint = undefined
    const wanted = new Set(plan.peers.map(({ publicKey }) => publicKey))
    const peers = new Map([...this.#previous.peers].filter(([publicKey]) => wanted.has(publicKey)))
    if (peers.size < this.#previous.peers.size) await this.#bringInLine({ ...this.#previous, peers })
  }

  /** Asks the device for all there is. Nothing has to wait for that: what is out of date then is passed over. */
  async observe(): Promise<Observation> {
    const moment = this.#moment
    const observed = await this.#device.observe()
    return { observed, peers: observed.peers, moment }
  }

  /** The same of the peers alone, by one program run. */
  async glance(): Promise<Glance> {
    const moment = this.#moment
    return { peers: await this.#device.observePeers(), moment }
  }

  /** Whether nothing was done to the interface since it was looked at. */
  isOfNow({ moment }: Glance): boolean {
    return moment === this.#moment
  }

  /**
   * What the device says of the peers, now or at a glance a moment before. Peers that somebody changed are left for `inspect`: were they
   * taken over here, the next plan would put them right without a word.
   */
  async sight(given?: Glance): Promise<ReadonlyMap<PublicKey, ObservedPeer>> {
    const { peers } = given && this.isOfNow(given) ? given : await this.glance()
    const seen = this.#seen?.observe()
    if (seen && areAsKnown(peers, seen.peers)) this.#seen = new SimulatedInterface({ ...seen, peers })
    return peers
  }

  /**
   * After this machine got other addresses: all peers that are kept in touch with hear at once where it is. WireGuard in
   * userspace sends from the address it had for 15 s more, unless it is given the endpoint of a peer anew.
   */
  async announce(): Promise<void> {
    const peers = [...(await this.sight()).values()]
    const kept = peers.filter(({ keepalive }) => keepalive > 0)
    // The packet that says where we are goes out when keepalives are switched on.
    await this.#take(kept.map(({ publicKey }) => ({ kind: 'set-peer', peer: { publicKey, keepalive: 0 } })))
    const again = peers.flatMap(({ publicKey, endpoint, keepalive }): Step[] =>
      endpoint ? [{ kind: 'set-peer', peer: { publicKey, endpoint, keepalive } }] : [],
    )
    await this.#take(again)
  }

  /** Puts right what is not as planned, and says in words what that was. @param given what the interface is, if it was looked at */
  async inspect(given?: Observation): Promise<{
    readonly peers: ReadonlyMap<PublicKey, ObservedPeer>
    readonly drift: readonly string[]
  }> {
    const { observed } = given && this.isOfNow(given) ? given : await this.observe()
    this.#seen = new SimulatedInterface(observed)
    const steps = this.#previous ? this.#difference(observed, this.#previous) : []
    if (steps.length > 0) await this.#take(steps)
    return { peers: observed.peers, drift: steps.map(describe) }
  }

  /**
   * Goes on from the plan before. Of peers of which nothing is new the interface is as planned, as far as is known, so the
   * difference of the parts is that of the whole. On an error the next plan is compared as a whole.
   */
  async #follow(news: PeerNews, seen: SimulatedInterface, blueprint: Blueprint): Promise<void> {
    this.#seen = undefined
    this.#blueprint = undefined
    this.#previous = undefined
    const { before, routes } = blueprint.take(news)
    const desired = {
      ...blueprint.device,
      routes: part(blueprint.device.routes, routes),
      peers: part(blueprint.device.peers, news.keys()),
    }
    const observed = seen.observePart(news.keys(), routes)
    const steps = diff(observed, desired, { now: this.#clock.now(), previous: { peers: before } })
    await this.#carryOut(steps)
    for (const step of steps) seen.take(step)
    this.#seen = seen
    this.#blueprint = blueprint
    this.#previous = blueprint.device
  }

  async #bringInLine(desired: DesiredDevice): Promise<void> {
    this.#seen ??= new SimulatedInterface(await this.#device.observe())
    await this.#take(this.#difference(this.#seen.observe(), desired))
    this.#previous = desired
  }

  #difference(observed: ObservedDevice, desired: DesiredDevice): readonly Step[] {
    return diff(observed, desired, { now: this.#clock.now(), previous: this.#previous })
  }

  /** What becomes of the interface is worked out while the programs run; on an error it is looked at anew the next time. */
  async #take(steps: readonly Step[]): Promise<void> {
    const seen = this.#seen
    this.#seen = undefined
    await Promise.all([this.#carryOut(steps), simulate(seen, steps)])
    this.#seen = seen
  }

  async #carryOut(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return
    this.#moment = {}
    try {
      await this.#device.apply(steps)
    } finally {
      this.#moment = {}
    }
  }
}

/** So many steps take 1 or 2 ms, after which it is seen whether a program has ended and the next can begin. */
const SLICE = 500

async function simulate(seen: SimulatedInterface | undefined, steps: readonly Step[]): Promise<void> {
  for (const [at, step] of steps.entries()) {
    if (at > 0 && at % SLICE === 0) await nextTurn()
    seen?.take(step)
  }
}

/** Whether nothing but endpoints, handshakes and counters is another. */
function areAsKnown(
  peers: ReadonlyMap<PublicKey, ObservedPeer>,
  known: ReadonlyMap<PublicKey, ObservedPeer>,
): boolean {
  if (peers.size !== known.size) return false
  return [...peers].every(([publicKey, { allowedIps, keepalive, hasPresharedKey }]) => {
    const before = known.get(publicKey)
    return (
      before?.keepalive === keepalive &&
      before.hasPresharedKey === hasPresharedKey &&
      before.allowedIps.join() === allowedIps.join()
    )
  })
}

/** What was found wrong, by the step that mends it. */
function describe(step: Step): string {
  switch (step.kind) {
    case 'set-key':
      return 'the private key was another'
    case 'set-port':
      return `the listen port was not ${step.listenPort}`
    case 'set-mtu':
      return `the MTU was not ${step.mtu}`
    case 'set-alias':
      return 'the alias was another'
    case 'set-up':
      return 'the interface was down'
    case 'add-address':
      return `the address ${step.address} was missing`
    case 'remove-address':
      return `the address ${step.address} was foreign`
    case 'add-route':
      return `the route ${step.route} was missing or changed`
    case 'remove-route':
      return `the route ${step.route} was foreign`
    case 'set-peer':
      return `the peer ${step.peer.publicKey} was missing or changed`
    case 'remove-peer':
      return `the peer ${step.publicKey} was foreign`
  }
}
