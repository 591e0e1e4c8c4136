import { toWeftError, WeftError } from '../errors.ts'
import type { NetworkId } from '../model/names.ts'
import { openRemoval, openSelf } from '../protocol/content.ts'
import type { ControllerFrameOf } from '../protocol/frames.ts'
import { Departures } from './departures.ts'
import { type Kept, type Parting, readKept } from './kept.ts'
import { Membership, type MembershipTools } from './membership.ts'
import { freePort, usualPort } from './ports.ts'
import type { AgentSettings } from './settings.ts'
import { Strays } from './strays.ts'

export interface NetworksTools extends Omit<MembershipTools, 'ports' | 'vacated'> {
  readonly settings: Pick<AgentSettings, 'listenPort'>
}

/** The networks of this node: how each begins and ends, over runs, and which ports they have. */
export class Networks {
  readonly #tools: NetworksTools
  readonly #memberships = new Map<NetworkId, Membership>()
  readonly #departures: Departures
  readonly #strays: Strays

  constructor(tools: NetworksTools) {
    this.#tools = tools
    this.#departures = new Departures(tools)
    this.#strays = new Strays(tools.clock)
  }

  get(network: NetworkId): Membership | undefined {
    return this.#memberships.get(network)
  }

  [Symbol.iterator](): Iterator<Membership> {
    return this.#memberships.values()
  }

  /** The network by which relayed links travel. */
  get transit(): Membership | undefined {
    return [...this].find(({ isTransit }) => isTransit)
  }

  /** What the disk refuses, by what the system says; empty while it takes and gives everything. */
  get diskFaults(): readonly string[] {
    const faults = [...this].map(({ diskFault }) => diskFault).filter((fault) => fault !== undefined)
    return [...new Set([...faults, ...this.#strays.faults])].toSorted()
  }

  /** Brings up the last good plan of each, before any controller has answered; later what does not work now. */
  async restore(): Promise<void> {
    for (const [network, lines] of await this.#tools.home.journals()) {
      try {
        await this.#takeUp(network, readKept(lines))
      } catch (error) {
        const { message, cause } = toWeftError(error)
        this.#tools.log.error(
          { network, reason: message, cause },
          'the kept plan is of no use; what it led to stays until a controller has said what this node is a member of',
        )
        this.#memberships.delete(network)
        this.#strays.add(network, lines instanceof WeftError ? lines.message : undefined)
      }
    }
  }

  sessionBegan(): void {
    this.#strays.sessionBegan()
    for (const membership of this) membership.reconnected()
  }

  sessionEnded(): void {
    this.#strays.sessionEnded()
  }

  /** A sign of the controller came, behind all that it has said. */
  heard(): void {
    for (const network of this.#strays.takeDue()) void this.#departures.begin(this.#membershipIn(network))
  }

  /** The controller has said what only a member is told. */
  told(network: NetworkId): void {
    this.#strays.told(network)
  }

  /** What this node is in a network. Of one that is new here, nothing is begun by what the controller did not sign. */
  takeSelf(network: NetworkId, frame: ControllerFrameOf<'self'>): void {
    const known = this.#memberships.get(network)
    if (!known) openSelf(frame, this.#tools.controllerKey)
    this.told(network)
    const membership = known ?? this.#create(network)
    membership.take(frame)
    if (membership.isEmpty) this.#memberships.delete(network)
    else this.#strays.delete(network)
  }

  /** This node is no member any more. Whether that was news. */
  async leave(frame: ControllerFrameOf<'removed'>): Promise<boolean> {
    const removal = openRemoval(frame, this.#tools.controllerKey)
    if (removal.node !== this.#tools.identity.id) return false
    const membership = this.#memberships.get(removal.network) ?? this.#takeStray(removal.network)
    if (!membership?.isCoveredBy(removal)) return false
    this.#memberships.delete(removal.network)
    await this.#departures.begin(membership, frame)
    return true
  }

  /**
   * Takes every interface down. Rejects when one cannot be, with all others down.
   * @param parting kept of those that are still there, so that another start goes on; absent: nothing new is kept
   */
  async removeAll(parting?: Parting): Promise<void> {
    for (const network of this.#strays.takeAll()) this.#create(network)
    const all = [...this]
    this.#memberships.clear()
    for (const membership of all) await this.#departures.begin(membership, parting)
    await this.#departures.finish()
  }

  async #takeUp(network: NetworkId, kept: Kept): Promise<void> {
    if (kept.kind === 'plan') return this.#create(network).restore(kept.frames)
    const { parting } = kept
    if (parting.type === 'removed') {
      const removal = openRemoval(parting, this.#tools.controllerKey)
      if (removal.network !== network || removal.node !== this.#tools.identity.id)
        throw new WeftError('protocol-error', 'A journal holds the removal of somebody else.')
    }
    // The others need not wait for it.
    void this.#departures.begin(this.#membershipIn(network), parting)
  }

  /** One of which nothing is known: whatever is signed of its end concerns it. */
  #takeStray(network: NetworkId): Membership | undefined {
    return this.#strays.delete(network) ? this.#membershipIn(network) : undefined
  }

  #create(network: NetworkId): Membership {
    const membership = this.#membershipIn(network)
    this.#memberships.set(network, membership)
    return membership
  }

  #membershipIn(network: NetworkId): Membership {
    return new Membership(network, {
      ...this.#tools,
      ports: { free: (from) => this.#freePort(from, network), used: () => this.#usedPorts() },
      vacated: () => this.#departures.cancel(network),
    })
  }

  /** That of its own, from before, is one that a network may have again. */
  #freePort(from: number, own: NetworkId): number {
    const { settings, identity } = this.#tools
    return freePort(Math.max(from, settings.listenPort || usualPort(identity.id)), this.#usedPorts(own))
  }

  #usedPorts(except?: NetworkId): number[] {
    const others = [...this].filter(({ network }) => network !== except)
    const ports = others.map(({ listenPort }) => listenPort)
    return [...ports, ...this.#departures.ports].filter((port) => port > 0)
  }
}
