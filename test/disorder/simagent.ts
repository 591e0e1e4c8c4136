import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { shakeHands } from '../../src/agent/dial.ts'
import type { Home } from '../../src/agent/home.ts'
import { Node } from '../../src/agent/node.ts'
import { type ContentFrame, Replica } from '../../src/agent/replica.ts'
import { serve } from '../../src/agent/serve.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { FrameStream } from '../../src/agent/stream.ts'
import type { Clock } from '../../src/clock.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { VerifyKey } from '../../src/keys/signature.ts'
import type { PublicKey } from '../../src/keys/wireguard.ts'
import type { NetworkId } from '../../src/model/names.ts'
import { parseControllerFrame } from '../../src/protocol/frames.ts'
import { loadSettings } from '../../src/settings.ts'
import type { Device, InterfaceName, ObservedDevice } from '../../src/wireguard/device.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { interfaceName } from '../../src/wireguard/name.ts'
import { Life } from './life.ts'
import { type Fault, type FrameType, Line, type Side } from './line.ts'

const settings = loadSettings(agentSettings, { environment: {}, flags: {} })
const log = pino({ level: 'silent' })
const CHANNEL = new Uint8Array()

/** LANs that an agent can be in. */
export const LANS = 2

export interface SimTools {
  readonly clock: Clock
  /** Is told of each frame to which something happens. */
  readonly onFault: (type: FrameType, fault: Fault) => void
  /** What happens to the next frames of a type, of all agents together. */
  readonly trouble: ReadonlyMap<FrameType, Fault[]>
}

/** The real agent on interfaces in memory, with a journal in memory, over a line in memory. */
export class SimAgent {
  readonly name: string
  /** In which it is. */
  lan: number
  /** Whether it has an address for everybody, or only that in its LAN. */
  isHidden = false
  readonly #at: number
  readonly #tools: SimTools
  readonly #ports = new Map<NetworkId, number>()
  #controllerKey: VerifyKey | undefined
  readonly identity = new Identity(new SecretBytes(systemRandom(32)))
  readonly driver = new WatchedDriver()
  readonly #journals = new Map<NetworkId, string[]>()
  readonly #faults: Record<Side, Fault[]> = { controller: [], agent: [] }
  #node: Node | undefined
  #life = new Life()
  #line: Line | undefined
  #session: Promise<unknown> = Promise.resolve()

  constructor(at: number, tools: SimTools) {
    this.name = `n${at}`
    this.lan = at % LANS
    this.#at = at
    this.#tools = tools
  }

  /** Its address for everybody. */
  get address(): string {
    return `203.0.113.${this.#at + 1}`
  }

  get lanAddress(): string {
    return `192.168.${this.lan + 1}.${this.#at + 1}`
  }

  /** @param secret of a join token, the first time */
  async connect(controller: Controller, secret?: string): Promise<void> {
    if (this.#line) return
    const line = new Line(this.#tools.onFault)
    line.befall(this.#tools.trouble)
    for (const side of ['controller', 'agent'] as const) line.fail(side, this.#faults[side])
    this.#line = line
    this.#node ??= await this.#start(controller)
    const node = this.#node
    const stream = new FrameStream(line.agent)
    controller
      .acceptAgent(line.controller, { binding: CHANNEL, remoteAddress: '192.0.2.1' })
      .catch(() => undefined)
    // One of them is of a release that knows no parts of a LAN.
    const lanParts = this.#at !== 3
    const greeting = { ...node.greeting(), lanParts, ...(secret && { join: { secret, name: this.name } }) }
    const enrolment = { controllerKey: controller.authority.signing.publicKey }
    const tools = { identity: this.identity, random: systemRandom }
    const { heartbeatSeconds } = await shakeHands(line.agent, stream, {
      enrolment,
      greeting,
      channel: CHANNEL,
      tools,
    })
    const connection = {
      socket: line.agent,
      stream,
      wire: { bytesRead: 0 },
      heartbeatSeconds,
      localAddress: undefined,
    }
    const { signal } = new AbortController()
    this.#session = serve(connection, node, { clock: this.#tools.clock, log, signal }).then(() => {
      if (this.#line === line) this.#line = undefined
    })
  }

  async disconnect(): Promise<void> {
    this.#line?.cut()
    await this.#session
    this.#line = undefined
  }

  /** The process dies and begins again from its journals; the interfaces stay. */
  async crash(): Promise<void> {
    await this.disconnect()
    this.#life.end()
    await turn()
    this.#node = undefined
  }

  stall(): void {
    this.#line?.stall()
  }

  flow(): void {
    this.#line?.flow()
  }

  /** What happens to the next frames, in this session and those to come. @param side whose frames are faulted */
  fail(side: Side, faults: readonly Fault[]): void {
    this.#faults[side] = [...faults]
    this.#line?.fail(side, this.#faults[side])
  }

  /** From now on no frame of this type arrives, in either direction; undefined: all do. */
  lose(type: FrameType | undefined): void {
    this.#line?.lose(type)
  }

  /** It is in another LAN, and finds that out. */
  move(lan: number): void {
    this.lan = lan
    this.#node?.lookAround()
  }

  /** Whether it can be reached from outside its LAN is another, and it finds that out. */
  hide(isHidden: boolean): void {
    this.isHidden = isHidden
    this.#node?.lookAround()
  }

  /** Looks at its interfaces and reports what is new, as it does every now and then. */
  async look(): Promise<void> {
    await this.#node?.inspect()
  }

  /** Packets of a peer come from there, as its interface sees it; nothing where that is no peer. */
  async seePeer(network: NetworkId, publicKey: PublicKey, endpoint: string): Promise<void> {
    const device = await this.device(network)
    const opened = await this.driver.find(interfaceName(this.identity.id, network))
    if (!device?.peers.has(publicKey) || !opened) return
    await opened.apply([{ kind: 'set-peer', peer: { publicKey, endpoint: parseEndpoint(endpoint) } }])
  }

  get isConnected(): boolean {
    return this.#line !== undefined
  }

  /** What its interface for a network is; undefined when there is none. */
  async device(network: NetworkId): Promise<ObservedDevice | undefined> {
    const opened = await this.driver.find(interfaceName(this.identity.id, network))
    // It may go at this moment.
    const device = await opened?.observe().catch(() => undefined)
    this.#ports.set(network, device?.listenPort ?? 0)
    return device
  }

  /** The port of its interface when that was last looked at. */
  portIn(network: NetworkId): number {
    return this.#ports.get(network) ?? 0
  }

  /** What it would begin with if it were started now. */
  kept(network: NetworkId): Replica | undefined {
    const lines = this.#journals.get(network)
    if (!lines || !this.#controllerKey) return undefined
    const replica = new Replica(network, this.identity, this.#controllerKey)
    for (const line of lines) takeContent(replica, parseControllerFrame(line) as ContentFrame)
    return replica
  }

  async #start(controller: Controller): Promise<Node> {
    this.#controllerKey = controller.authority.signing.publicKey
    const life = new Life()
    this.#life = life
    const node = new Node({
      settings,
      home: life.home(homeOn(this.#journals, this.identity)),
      identity: this.identity,
      controllerKey: this.#controllerKey,
      driver: life.driver(this.driver),
      clock: life.clock(this.#tools.clock),
      random: systemRandom,
      log,
      underlay: () => ({
        addresses: [...(this.isHidden ? [] : [`${this.address}/24`]), `${this.lanAddress}/24`],
        mtu: 1_500,
        families: [4],
      }),
    })
    await node.restore()
    return node
  }
}

/** Can be looked at from outside: an agent that opens an interface makes it, if it is not there. */
class WatchedDriver extends MemoryDriver {
  readonly #names = new Set<InterfaceName>()

  override open(name: InterfaceName): Promise<Device> {
    this.#names.add(name)
    return super.open(name)
  }

  override remove(name: InterfaceName): Promise<void> {
    this.#names.delete(name)
    return super.remove(name)
  }

  /** The interface as it is found at this very moment. */
  async find(name: InterfaceName): Promise<Device | undefined> {
    return this.#names.has(name) ? super.open(name) : undefined
  }
}

/** What a replica makes of a frame of content. */
function takeContent(replica: Replica, frame: ContentFrame): void {
  switch (frame.type) {
    case 'self':
      return void replica.takeSelf(frame)
    case 'current':
      return void replica.takeCurrent(frame)
    case 'snapshot':
      return void replica.takeSnapshot(frame)
    case 'delta':
      return void replica.takeDelta(frame)
    case 'hints':
      return void replica.takeHints(frame)
    case 'lan':
      return void replica.takeLan(frame)
  }
}

function homeOn(journals: Map<NetworkId, string[]>, identity: Identity): Home {
  return {
    identity: async () => identity,
    enrolment: async () => undefined,
    enrol: async () => undefined,
    journals: async () => new Map([...journals].map(([network, lines]) => [network, [...lines]])),
    rewrite: async (network, lines) => void journals.set(network, [...lines]),
    append: async (network, line) => void journals.set(network, [...(journals.get(network) ?? []), line]),
    forget: async (network) => void journals.delete(network),
    leave: async () => undefined,
  }
}
