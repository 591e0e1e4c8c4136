import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { toWeftError, WeftError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { NetworkId } from '../model/names.ts'
import { claimedNetwork, openRemoval } from '../protocol/content.ts'
import {
  type AgentFrame,
  type ControllerFrame,
  type ControllerFrameOf,
  type Facts,
  parseControllerFrame,
} from '../protocol/frames.ts'
import type { DeviceDriver } from '../wireguard/device.ts'
import type { Greeting } from './dial.ts'
import { ownAddresses } from './facts.ts'
import type { Home } from './home.ts'
import { knock } from './knock.ts'
import { type ContentFrame, Membership } from './membership.ts'
import type { AgentSettings } from './settings.ts'

export interface NodeTools {
  readonly settings: AgentSettings
  readonly home: Home
  readonly identity: Identity
  readonly controllerKey: VerifyKey
  readonly driver: DeviceDriver
  readonly clock: Clock
  readonly log: Logger
}

const VERSION = '0.1.0'
/** Looks at a new plan after this many ms each: handshakes come soon or not at all. */
const EARLY_LOOKS = [1_000, 3_000, 8_000]

/** All networks of this machine, whether or not there is a session. */
export class Node {
  readonly #tools: NodeTools
  readonly #memberships = new Map<NetworkId, Membership>()
  #send: (frame: AgentFrame) => void = () => undefined
  #told = ''

  constructor(tools: NodeTools) {
    this.#tools = tools
  }

  /** Brings up the last good plan of each network, before any controller has answered. */
  async restore(): Promise<void> {
    for (const [network, lines] of await this.#tools.home.journals()) {
      const membership = this.#create(network)
      try {
        await membership.restore(lines, parseContentFrame)
      } catch (error) {
        this.#tools.log.error(
          { network, reason: toWeftError(error).message },
          'the kept plan is of no use; discarded',
        )
        this.#memberships.delete(network)
        await this.#tools.home.forget(network)
      }
    }
  }

  greeting(): Greeting {
    const positions = [...this.#memberships.values()].map((membership) => membership.position())
    return { networks: positions.filter((position) => position !== undefined), facts: this.#facts() }
  }

  /** A session has begun, and frames go out by `send` until the next call. */
  attach(send: (frame: AgentFrame) => void): void {
    this.#send = send
    this.#told = JSON.stringify(this.#facts())
    for (const membership of this.#memberships.values()) membership.reconnected()
  }

  detach(): void {
    this.#send = () => undefined
  }

  /** Takes what the controller says. */
  async take(frame: ControllerFrame): Promise<void> {
    switch (frame.type) {
      case 'self':
        return this.#membership(claimedNetwork(frame)).take(frame)
      case 'current':
      case 'snapshot':
      case 'delta':
        return this.#memberships.get(claimedNetwork(frame))?.take(frame)
      case 'hints':
        return this.#memberships.get(frame.network as NetworkId)?.take(frame)
      case 'removed':
        return this.#leave(frame)
      case 'key-wanted':
        return this.#offerKey(frame)
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

  /** Reports addresses and ports if they have changed. */
  tellFacts(): void {
    const facts = this.#facts()
    const text = JSON.stringify(facts)
    if (text === this.#told) return
    this.#told = text
    this.#send({ type: 'facts', facts })
  }

  /** Takes every interface down. */
  async removeAll(): Promise<void> {
    for (const membership of this.#memberships.values()) await membership.remove()
    this.#memberships.clear()
  }

  #membership(network: NetworkId): Membership {
    return this.#memberships.get(network) ?? this.#create(network)
  }

  #create(network: NetworkId): Membership {
    const membership = new Membership(network, {
      ...this.#tools,
      send: (frame) => this.#send(frame),
      ports: { free: (from) => this.#freePort(from) },
      onApplied: (applied) => this.#onApplied(applied),
    })
    this.#memberships.set(network, membership)
    return membership
  }

  #onApplied(membership: Membership): void {
    this.tellFacts()
    if (this.#tools.driver.kind !== 'memory') void knock(membership.newcomers())
    for (const wait of EARLY_LOOKS) this.#tools.clock.after(wait, () => void membership.inspect())
  }

  #freePort(from: number): number {
    const used = new Set([...this.#memberships.values()].map(({ listenPort }) => listenPort))
    let port = Math.max(from, this.#tools.settings.listenPort)
    while (used.has(port)) port += 1
    return port
  }

  async #leave(frame: ControllerFrameOf<'removed'>): Promise<void> {
    const removal = openRemoval(frame, this.#tools.controllerKey)
    const membership = this.#memberships.get(removal.network)
    if (removal.node !== this.#tools.identity.id || !membership?.isCoveredBy(removal)) return
    this.#memberships.delete(removal.network)
    await membership.remove()
    this.#tools.log.info({ network: removal.network }, 'no member any more')
    this.tellFacts()
  }

  #offerKey({ network, keyVersion }: ControllerFrameOf<'key-wanted'>): void {
    const { publicKey } = this.#tools.identity.memberKey(network, keyVersion)
    this.#send({ type: 'key', network, keyVersion, publicKey })
  }

  #facts(): Facts {
    const ports = [...this.#memberships.values()].map(({ network, listenPort }) => ({
      network,
      port: listenPort,
    }))
    const { kind: device } = this.#tools.driver
    return {
      addresses: ownAddresses(),
      ports: ports.filter(({ port }) => port > 0),
      device,
      version: VERSION,
    }
  }
}

function parseContentFrame(line: string): ContentFrame {
  const frame = parseControllerFrame(line)
  if (isContent(frame)) return frame
  throw new WeftError('protocol-error', `A journal holds a ${frame.type} frame.`)
}

function isContent(frame: ControllerFrame): frame is ContentFrame {
  return ['self', 'current', 'snapshot', 'delta', 'hints'].includes(frame.type)
}
