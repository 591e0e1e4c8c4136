import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { shakeHands } from '../../src/agent/dial.ts'
import type { Home } from '../../src/agent/home.ts'
import { Node } from '../../src/agent/node.ts'
import { serve } from '../../src/agent/serve.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { FrameStream } from '../../src/agent/stream.ts'
import { systemClock } from '../../src/clock.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { NetworkId } from '../../src/model/names.ts'
import { loadSettings } from '../../src/settings.ts'
import type { ObservedDevice } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { interfaceName } from '../../src/wireguard/name.ts'
import { type Fault, Line } from './line.ts'

const settings = loadSettings(agentSettings, { environment: {}, flags: {} })
const log = pino({ level: 'silent' })
const CHANNEL = new Uint8Array()

/** The real agent on interfaces in memory, with a journal in memory, over a line in memory. */
export class SimAgent {
  readonly name: string
  readonly identity = new Identity(new SecretBytes(systemRandom(32)))
  readonly driver = new MemoryDriver()
  readonly #journals = new Map<NetworkId, string[]>()
  #node: Node | undefined
  #line: Line | undefined
  #session: Promise<unknown> = Promise.resolve()

  constructor(name: string) {
    this.name = name
  }

  /** @param secret of a join token, the first time */
  async connect(controller: Controller, secret?: string): Promise<void> {
    if (this.#line) return
    const line = new Line()
    this.#line = line
    this.#node ??= await this.#start(controller)
    const node = this.#node
    const stream = new FrameStream(line.agent)
    controller
      .acceptAgent(line.controller, { binding: CHANNEL, remoteAddress: '192.0.2.1' })
      .catch(() => undefined)
    const greeting = { ...node.greeting(), ...(secret && { join: { secret, name: this.name } }) }
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
    this.#session = serve(connection, node, { clock: systemClock, log, signal }).then(() => {
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
    await turn()
    this.#node = undefined
  }

  stall(): void {
    this.#line?.stall()
  }

  flow(): void {
    this.#line?.flow()
  }

  fail(faults: readonly Fault[]): void {
    this.#line?.fail(faults)
  }

  get isConnected(): boolean {
    return this.#line !== undefined
  }

  /** What its interface for a network is; undefined when there is none. */
  async device(network: NetworkId): Promise<ObservedDevice | undefined> {
    const name = interfaceName(this.identity.id, network)
    const names = await this.driver.list('')
    return names.includes(name) ? (await this.driver.open(name)).observe() : undefined
  }

  async #start(controller: Controller): Promise<Node> {
    const node = new Node({
      settings,
      home: homeOn(this.#journals, this.identity),
      identity: this.identity,
      controllerKey: controller.authority.signing.publicKey,
      driver: this.driver,
      clock: systemClock,
      random: systemRandom,
      log,
    })
    await node.restore()
    return node
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
