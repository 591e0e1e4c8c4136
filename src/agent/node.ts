import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { WeftError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'
import type { Random } from '../keys/random.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { NetworkId } from '../model/names.ts'
import { witnessDigest } from '../protocol/comparison.ts'
import { claimedNetwork, openWitnessList } from '../protocol/content.ts'
import type { AgentFrame, ControllerFrame, ControllerFrameOf, Facts } from '../protocol/frames.ts'
import type { DeviceDriver } from '../wireguard/device.ts'
import type { Greeting } from './dial.ts'
import { EarlyLooks } from './early-looks.ts'
import { ownUnderlay, type Underlay } from './facts.ts'
import type { Home } from './home.ts'
import type { Parting } from './kept.ts'
import type { Membership } from './membership.ts'
import { Networks } from './networks.ts'
import { RelayWatch } from './relay-watch.ts'
import type { AgentSettings } from './settings.ts'
import { Surroundings } from './surroundings.ts'
import { Uplink } from './uplink.ts'

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

/** This machine and its networks, whether or not there is a session: what it hears, sees of itself, and tells. */
export class Node {
  readonly #tools: NodeTools
  readonly #networks: Networks
  readonly #surroundings = new Surroundings()
  readonly #watch: RelayWatch
  readonly #looks: EarlyLooks
  readonly #uplink: Uplink
  readonly #underlay: () => Underlay
  #addresses: readonly string[]
  /** What the disk refuses beside what is kept of networks. */
  #diskFault: string | undefined

  constructor(tools: NodeTools) {
    this.#tools = tools
    const { clock, random, underlay = ownUnderlay } = tools
    this.#looks = new EarlyLooks(clock)
    this.#uplink = new Uplink(clock)
    this.#underlay = underlay
    this.#addresses = underlay().addresses
    this.#surroundings.setAddresses(this.#addresses)
    this.#networks = new Networks({
      ...tools,
      surroundings: this.#surroundings,
      underlay,
      send: (frame) => this.#uplink.send(frame),
      onApplied: (membership) => this.#onApplied(membership),
      onTransit: () => this.#onTransit(),
      onDisk: () => this.tellFacts(),
    })
    const onChange = () => this.#onRelays()
    this.#watch = new RelayWatch({ clock, random, surroundings: this.#surroundings, onChange })
  }

  /** Brings up the last good plan of each network, before any controller has answered; later what does not work now. */
  restore(): Promise<void> {
    return this.#networks.restore()
  }

  greeting(): Greeting {
    const positions = [...this.#networks].map((membership) => membership.position())
    return {
      networks: positions.filter((position) => position !== undefined),
      facts: this.#uplink.greet(this.#facts()),
    }
  }

  /** A session has begun: frames go out by `send` until the next call, and `onLost` is told of own addresses that are gone. */
  attach(send: (frame: AgentFrame) => void, onLost: (address: string) => void = () => undefined): void {
    this.#uplink.attach({ send, onLost })
    this.#networks.sessionBegan()
    // Much may have changed while the greeting was on its way.
    this.tellFacts()
  }

  detach(): void {
    this.#uplink.detach()
    this.#networks.sessionEnded()
  }

  /** A sign of the controller came, and all that it said before has been taken. */
  heard(): void {
    this.#networks.heard()
  }

  /** Takes what the controller says. */
  async take(frame: ControllerFrame): Promise<void> {
    switch (frame.type) {
      case 'self':
        return this.#networks.takeSelf(claimedNetwork(frame), frame)
      case 'current':
      case 'snapshot':
      case 'delta':
        return this.#takeRevision(claimedNetwork(frame), frame)
      case 'hints':
      case 'lan':
        return this.#networks.get(frame.network as NetworkId)?.take(frame)
      case 'witness':
        return this.#takeWitnesses(frame)
      case 'prove':
        return this.#networks.get(frame.network as NetworkId)?.prove()
      case 'removed':
        if (await this.#networks.leave(frame)) this.tellFacts()
        return
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
    for (const membership of this.#networks) await membership.inspect()
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
      for (const membership of this.#networks) membership.moved(lost.length > 0)
      this.#watch.hurry()
    }
    this.#uplink.lost(lost)
    this.tellFacts()
  }

  /** Reports addresses and ports if they have changed. */
  tellFacts(): void {
    this.#uplink.tell(() => this.#facts())
  }

  /** The disk refuses something beside what is kept of networks; undefined: nothing any more. */
  diskRefuses(fault: string | undefined): void {
    this.#diskFault = fault
    this.tellFacts()
  }

  /**
   * Takes every interface down. Rejects when one cannot be, with all others down.
   * @param parting kept of those that are still there, so that another start goes on; absent: nothing new is kept
   */
  removeAll(parting?: Parting): Promise<void> {
    this.#watch.stop()
    return this.#networks.removeAll(parting)
  }

  /** Says all that is here, and again what the controller should know and does not. */
  #compare({ reports }: ControllerFrameOf<'compare'>): void {
    const known = new Map(reports.map(({ network, digest }) => [network, digest]))
    for (const membership of this.#networks) membership.compared(known.get(membership.network))
    const witnesses = witnessDigest(this.#surroundings.witnessed.keys())
    this.#uplink.send({ type: 'have', ...this.greeting(), ...(witnesses && { witnesses }) })
  }

  /** A head of a network of which nothing is known here means that what should have come first is lost. */
  #takeRevision(network: NetworkId, frame: ControllerFrameOf<'current' | 'snapshot' | 'delta'>): void {
    // A long one; what stands behind it came no sooner.
    if (frame.type === 'snapshot') this.#networks.told(network)
    const membership = this.#networks.get(network)
    if (membership) membership.take(frame)
    else if (frame.type === 'current') this.#uplink.send({ type: 'resync', network })
  }

  #onApplied(membership: Membership): void {
    this.tellFacts()
    this.#watchRelays()
    this.#looks.after(membership)
  }

  /** Other relays, or other addresses at them: every other network may have other paths. */
  #onTransit(): void {
    this.#watchRelays()
    this.#onRelays()
  }

  #watchRelays(): void {
    if (this.#tools.driver.kind === 'memory') return
    const inUse = [...this.#networks].flatMap(({ relaysInUse }) => relaysInUse)
    this.#watch.follow(new Set(inUse))
  }

  /** A relay went or came, or is nearer than it was. */
  #onRelays(): void {
    for (const membership of this.#networks) if (!membership.isTransit) membership.refresh()
    this.tellFacts()
  }

  /** Whom this node, a relay, is to be a witness of. */
  #takeWitnesses(frame: ControllerFrameOf<'witness'>): void {
    const list = openWitnessList(frame, this.#tools.controllerKey)
    if (list.node !== this.#tools.identity.id)
      throw new WeftError('protocol-error', 'A list is for another relay.')
    this.#surroundings.takeWitnesses(list)
    this.#networks.transit?.refresh()
  }

  #offerKey({ network, keyVersion }: ControllerFrameOf<'key-wanted'>): void {
    this.#networks.told(network as NetworkId)
    const { publicKey } = this.#tools.identity.memberKey(network, keyVersion)
    this.#uplink.send({ type: 'key', network, keyVersion, publicKey })
  }

  #facts(): Facts {
    const all = [...this.#networks].map(({ network, listenPort: port }) => ({ network, port }))
    const ports = all.filter(({ port }) => port > 0)
    const { addresses, mtu } = this.#underlay()
    const { kind: device } = this.#tools.driver
    const faults = [...(this.#diskFault ? [this.#diskFault] : []), ...this.#networks.diskFaults]
    const relays = this.#surroundings.relays.map(({ node, alive, rtt }) => ({
      node,
      alive,
      ...(rtt !== undefined && { rtt: Math.round(rtt) }),
    }))
    const disk = faults.length > 0 && { disk: faults.join('; ').slice(0, 500) }
    return { addresses: [...addresses], mtu, ports, relays, device, version: VERSION, ...disk }
  }
}
