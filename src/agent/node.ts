import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { toWeftError, WeftError } from '../errors.ts'
import type { Identity, NodeId } from '../keys/identity.ts'
import type { Random } from '../keys/random.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { NetworkId } from '../model/names.ts'
import { witnessDigest } from '../protocol/comparison.ts'
import { claimedNetwork, openRemoval, openSelf, openWitnessList } from '../protocol/content.ts'
import type { AgentFrame, ControllerFrame, ControllerFrameOf, Facts } from '../protocol/frames.ts'
import { hashOf } from '../topology/hash.ts'
import type { DeviceDriver } from '../wireguard/device.ts'
import { Departures } from './departures.ts'
import type { Greeting } from './dial.ts'
import { EarlyLooks } from './early-looks.ts'
import { ownUnderlay, type Underlay } from './facts.ts'
import type { Home } from './home.ts'
import { type Kept, type Parting, readKept } from './kept.ts'
import { Membership } from './membership.ts'
import { RelayWatch } from './relay-watch.ts'
import type { AgentSettings } from './settings.ts'
import { Strays } from './strays.ts'
import { Surroundings } from './surroundings.ts'
import { ToldFacts } from './told-facts.ts'

export interface NodeTools {
  readonly settings: AgentSettings
  readonly home: Home
  readonly identity: Identity
  readonly controllerKey: VerifyKey
  readonly driver: DeviceDriver
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Where this machine stands; absent: as its interfaces say. */
  readonly underlay?: () => Underlay
}

const VERSION = '0.1.0'
/** All networks of this machine, whether or not there is a session. */
export class Node {
  readonly #tools: NodeTools
  readonly #memberships = new Map<NetworkId, Membership>()
  readonly #surroundings = new Surroundings()
  readonly #watch: RelayWatch
  readonly #looks: EarlyLooks
  readonly #departures: Departures
  readonly #strays: Strays
  #send: (frame: AgentFrame) => void = () => undefined
  readonly #told: ToldFacts
  #onLost: (address: string) => void = () => undefined
  #isAttached = false
  readonly #underlay: () => Underlay
  #addresses: readonly string[]

  constructor(tools: NodeTools) {
    this.#tools = tools
    const { clock, random, underlay = ownUnderlay } = tools
    this.#looks = new EarlyLooks(clock)
    this.#told = new ToldFacts(clock)
    this.#departures = new Departures(tools)
    this.#strays = new Strays(clock, () => this.#leaveStrays())
    this.#underlay = underlay
    this.#addresses = underlay().addresses
    this.#surroundings.setAddresses(this.#addresses)
    const onChange = () => this.#onRelays()
    this.#watch = new RelayWatch({ clock, random, surroundings: this.#surroundings, onChange })
  }

  /** Brings up the last good plan of each network, before any controller has answered; later what does not work now. */
  async restore(): Promise<void> {
    for (const [network, lines] of await this.#tools.home.journals()) {
      try {
        await this.#takeUp(network, readKept(lines))
      } catch (error) {
        this.#tools.log.error(
          { network, reason: toWeftError(error).message },
          'the kept plan is of no use; what it led to stays until a controller has said what this node is a member of',
        )
        this.#memberships.delete(network)
        this.#strays.add(network)
      }
    }
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

  greeting(): Greeting {
    const positions = [...this.#memberships.values()].map((membership) => membership.position())
    return {
      networks: positions.filter((position) => position !== undefined),
      facts: this.#told.tell(this.#facts()),
    }
  }

  /** A session has begun: frames go out by `send` until the next call, and `onLost` is told of own addresses that are gone. */
  attach(send: (frame: AgentFrame) => void, onLost: (address: string) => void = () => undefined): void {
    this.#send = send
    this.#onLost = onLost
    this.#isAttached = true
    this.#strays.sessionBegan()
    for (const membership of this.#memberships.values()) membership.reconnected()
    // Much may have changed while the greeting was on its way.
    this.tellFacts()
  }

  detach(): void {
    this.#send = () => undefined
    this.#onLost = () => undefined
    this.#isAttached = false
    this.#strays.sessionEnded()
  }

  /** Takes what the controller says. */
  async take(frame: ControllerFrame): Promise<void> {
    switch (frame.type) {
      case 'self':
        return this.#takeSelf(claimedNetwork(frame), frame)
      case 'current':
      case 'snapshot':
      case 'delta':
        return this.#takeRevision(claimedNetwork(frame), frame)
      case 'hints':
      case 'lan':
        return this.#memberships.get(frame.network as NetworkId)?.take(frame)
      case 'witness':
        return this.#takeWitnesses(frame)
      case 'prove':
        return this.#memberships.get(frame.network as NetworkId)?.prove()
      case 'removed':
        return this.#leave(frame)
      case 'key-wanted':
        return this.#offerKey(frame)
      case 'compare':
        return this.#compare(frame)
      case 'error':
        this.#tools.log.warn({ code: frame.code, reason: frame.message }, 'the controller refused a frame')
        return
      default:
        this.#tools.log.warn({ type: frame.type }, 'a frame came at the wrong time')
    }
  }

  /** Looks at all interfaces and reports what is new. */
  async inspect(): Promise<void> {
    for (const membership of this.#memberships.values()) await membership.inspect()
    this.tellFacts()
  }

  /** Looks whether this machine has moved: paths heal without a controller, and a controller is told. */
  lookAround(): void {
    const { addresses } = this.#underlay()
    const lost = this.#addresses.filter((address) => !addresses.includes(address))
    const gained = addresses.some((address) => !this.#addresses.includes(address))
    this.#addresses = addresses
    this.#surroundings.setAddresses(addresses)
    if (lost.length > 0 || gained) {
      for (const membership of this.#memberships.values()) membership.moved(lost.length > 0)
      this.#watch.hurry()
    }
    for (const address of lost) this.#onLost(address.replace(/\/\d+$/, ''))
    this.tellFacts()
  }

  /** Reports addresses and ports if they have changed. */
  tellFacts(): void {
    if (!this.#isAttached) return
    const facts = this.#facts()
    if (this.#told.isNews(facts)) this.#send({ type: 'facts', facts: this.#told.tell(facts) })
  }

  /**
   * Takes every interface down. Rejects when one cannot be, with all others down.
   * @param parting kept of those that are still there, so that another start goes on; absent: nothing new is kept
   */
  async removeAll(parting?: Parting): Promise<void> {
    this.#watch.stop()
    for (const network of this.#strays.takeAll()) if (!this.#memberships.has(network)) this.#create(network)
    const all = [...this.#memberships.values()]
    this.#memberships.clear()
    for (const membership of all) await this.#departures.begin(membership, parting)
    await this.#departures.finish()
  }

  /** Of a network that is new here, nothing is begun by what the controller did not sign. */
  #takeSelf(network: NetworkId, frame: ControllerFrameOf<'self'>): void {
    const known = this.#memberships.get(network)
    if (!known) openSelf(frame, this.#tools.controllerKey)
    const membership = known ?? this.#create(network)
    membership.take(frame)
    if (membership.isEmpty) this.#memberships.delete(network)
  }

  /** Says all that is here, and again what the controller should know and does not. */
  #compare({ reports }: ControllerFrameOf<'compare'>): void {
    const known = new Map(reports.map(({ network, digest }) => [network, digest]))
    for (const membership of this.#memberships.values()) membership.compared(known.get(membership.network))
    const witnesses = witnessDigest(this.#surroundings.witnessed.keys())
    this.#send({ type: 'have', ...this.greeting(), ...(witnesses && { witnesses }) })
  }

  /** A head of a network of which nothing is known here means that what should have come first is lost. */
  #takeRevision(network: NetworkId, frame: ControllerFrameOf<'current' | 'snapshot' | 'delta'>): void {
    const membership = this.#memberships.get(network)
    if (membership) membership.take(frame)
    else if (frame.type === 'current') this.#send({ type: 'resync', network })
  }

  #create(network: NetworkId): Membership {
    const membership = this.#membershipIn(network)
    this.#memberships.set(network, membership)
    return membership
  }

  #membershipIn(network: NetworkId): Membership {
    return new Membership(network, {
      ...this.#tools,
      send: (frame) => this.#send(frame),
      surroundings: this.#surroundings,
      underlay: this.#underlay,
      ports: { free: (from) => this.#freePort(from), used: () => this.#usedPorts() },
      onApplied: (applied) => this.#onApplied(applied),
      onTransit: () => this.#onTransit(),
      vacated: () => this.#departures.cancel(network),
    })
  }

  #onApplied(membership: Membership): void {
    this.tellFacts()
    this.#watchRelays()
    this.#looks.after(membership)
  }

  #freePort(from: number): number {
    const used = new Set(this.#usedPorts())
    const { settings, identity } = this.#tools
    let port = Math.max(from, settings.listenPort || portOf(identity.id))
    while (used.has(port)) port += 1
    return port
  }

  #usedPorts(): number[] {
    const ports = [...this.#memberships.values()].map(({ listenPort }) => listenPort)
    return [...ports, ...this.#departures.ports].filter((port) => port > 0)
  }

  #transit(): Membership | undefined {
    return [...this.#memberships.values()].find(({ isTransit }) => isTransit)
  }

  /** Other relays, or other addresses at them: every other network may have other paths. */
  #onTransit(): void {
    this.#watchRelays()
    this.#onRelays()
  }

  #watchRelays(): void {
    if (this.#tools.driver.kind === 'memory') return
    const inUse = [...this.#memberships.values()].flatMap(({ relaysInUse }) => relaysInUse)
    this.#watch.follow(new Set(inUse))
  }

  /** A relay went or came, or is nearer than it was. */
  #onRelays(): void {
    for (const membership of this.#memberships.values()) if (!membership.isTransit) membership.refresh()
    this.tellFacts()
  }

  #leaveStrays(): void {
    const all = this.#strays.takeAll().filter((network) => !this.#memberships.has(network))
    for (const network of all) void this.#departures.begin(this.#membershipIn(network))
  }

  async #leave(frame: ControllerFrameOf<'removed'>): Promise<void> {
    const removal = openRemoval(frame, this.#tools.controllerKey)
    const membership = this.#memberships.get(removal.network)
    if (removal.node !== this.#tools.identity.id || !membership?.isCoveredBy(removal)) return
    this.#memberships.delete(removal.network)
    await this.#departures.begin(membership, frame)
    this.tellFacts()
  }

  /** Whom this node, a relay, is to be a witness of. */
  #takeWitnesses(frame: ControllerFrameOf<'witness'>): void {
    const list = openWitnessList(frame, this.#tools.controllerKey)
    if (list.node !== this.#tools.identity.id)
      throw new WeftError('protocol-error', 'A list is for another relay.')
    this.#surroundings.takeWitnesses(list)
    this.#transit()?.refresh()
  }

  #offerKey({ network, keyVersion }: ControllerFrameOf<'key-wanted'>): void {
    const { publicKey } = this.#tools.identity.memberKey(network, keyVersion)
    this.#send({ type: 'key', network, keyVersion, publicKey })
  }

  #facts(): Facts {
    const all = [...this.#memberships.values()].map(({ network, listenPort: port }) => ({ network, port }))
    const ports = all.filter(({ port }) => port > 0)
    const { addresses, mtu } = this.#underlay()
    const { kind: device } = this.#tools.driver
    const relays = this.#surroundings.relays.map(({ node, alive, rtt }) => ({
      node,
      alive,
      ...(rtt !== undefined && { rtt: Math.round(rtt) }),
    }))
    return { addresses: [...addresses], mtu, ports, relays, device, version: VERSION }
  }
}

/** WireGuard's usual port, and how many follow it that a node may begin with. */
const FIRST_PORT = 51_820
const PORTS = 8_192

/** Two nodes behind one translation that use the same port look to witnesses as if it were symmetric. */
function portOf(node: NodeId): number {
  return FIRST_PORT + (hashOf(node) % PORTS)
}
