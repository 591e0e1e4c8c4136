import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { shakeHands } from '../../src/agent/dial.ts'
import { FrameStream } from '../../src/agent/stream.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { changeLabels } from '../../src/controller/commands/label.ts'
import { addMember, removeMember } from '../../src/controller/commands/member.ts'
import { createNetwork } from '../../src/controller/commands/network.ts'
import { type PolicyInput, setPolicy } from '../../src/controller/commands/policy.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { openController } from '../../src/controller/open.ts'
import { COMPARE_STEP } from '../../src/controller/push/comparison.ts'
import { controllerSettings } from '../../src/controller/settings.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { apply } from '../../src/model/apply.ts'
import type { Event } from '../../src/model/event.ts'
import {
  type ControllerFrame,
  encodeFrame,
  type Facts,
  type ResumePosition,
} from '../../src/protocol/frames.ts'
import { readControllerFrame } from '../../src/protocol/packed.ts'
import { loadSettings } from '../../src/settings.ts'
import { findNetwork } from '../lookup.ts'
import { Line } from './line.ts'

const CHANNEL = new Uint8Array()
/** Agents that join at the same time: their log entries share a write to the disk. */
const AT_ONCE = 50
const log = pino({ level: 'silent' })
/** An agent that only keeps what it is sent. */
export interface Listener {
  readonly identity: Identity
  readonly line: Line
  readonly received: Buffer[]
}

/** A controller with very many agents that do nothing but listen, all in this process. */
export class Crowd implements AsyncDisposable {
  readonly listeners: Listener[] = []
  readonly #dataDir: string
  /** Milliseconds that the monotonic clock is ahead. */
  #ahead = 0
  readonly #clock: Clock = {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + this.#ahead,
    // The hourly question to each agent (push/comparison.ts) is not what is counted here.
    after: (delay, action) => (delay === COMPARE_STEP ? () => undefined : systemClock.after(delay, action)),
  }
  #controller: Controller | undefined

  private constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  /** So many members of the network `demo`, put into it with one change. @param addressOf where each is, if not all alike */
  static async gather(size: number, addressOf?: (at: number) => string): Promise<Crowd> {
    const crowd = new Crowd(await mkdtemp(join(tmpdir(), 'weft-crowd-')))
    await crowd.#open()
    await crowd.controller.change({ actor: 'test' }, (state, tools) =>
      createNetwork(state, tools, { name: 'demo', nodePrefixLength: 28 }),
    )
    const secret = await crowd.token(size + 10)
    const names = Array.from({ length: size }, (_, at) => `n${at}`)
    for (let at = 0; at < size; at += AT_ONCE) {
      const some = names.slice(at, at + AT_ONCE)
      await Promise.all(
        some.map((name, more) =>
          crowd.connect(newIdentity(), {
            ...{ join: { secret, name }, networks: [] },
            ...(addressOf && { address: addressOf(at + more) }),
          }),
        ),
      )
    }
    await crowd.addAll()
    return crowd
  }

  get controller(): Controller {
    assert.ok(this.#controller)
    return this.#controller
  }

  get network() {
    return findNetwork(this.controller.state, 'demo')
  }

  async token(uses: number): Promise<string> {
    const outcome = await this.controller.change({ actor: 'test' }, (state, tools) =>
      createJoinToken(state, tools, { uses }),
    )
    assert.ok(!outcome.repeated)
    return Buffer.from(outcome.result.secret.expose()).toString()
  }

  async connect(
    identity: Identity,
    {
      networks,
      join,
      port = 51_820,
      address,
      lanParts = true,
    }: {
      networks: ResumePosition[]
      join?: { secret: string; name: string }
      port?: number
      address?: string
      lanParts?: boolean
    },
  ): Promise<Listener> {
    const line = new Line()
    const stream = new FrameStream(line.agent)
    this.controller
      .acceptAgent(line.controller, { binding: CHANNEL, remoteAddress: '192.0.2.1' })
      .catch(() => undefined)
    const controllerKey = this.controller.authority.signing.publicKey
    const greeting = { networks, lanParts, facts: this.facts(port, address), ...(join && { join }) }
    const tools = { identity, random: systemRandom }
    await shakeHands(line.agent, stream, { enrolment: { controllerKey }, greeting, channel: CHANNEL, tools })
    const listener = { identity, line, received: [] as Buffer[] }
    line.agent.removeAllListeners('message')
    line.agent.on('message', (data: Buffer) => listener.received.push(data))
    this.listeners.push(listener)
    return listener
  }

  facts(port: number, address = '203.0.113.1/24'): Facts {
    const ports = this.#controller ? [{ network: this.network.id, port }] : []
    return { addresses: [address], mtu: 1_500, ports, device: 'memory', version: '0' }
  }

  /** Every node that is there becomes a member, with one change. */
  async addAll(): Promise<void> {
    await this.controller.change({ actor: 'test' }, (state, tools) => {
      const events: Event[] = []
      let after = state
      for (const node of state.nodes.keys()) {
        if (findNetwork(after, 'demo').members.has(node)) continue
        const more = addMember(after, tools, findNetwork(after, 'demo').id, node).events
        after = more.reduce(apply, after)
        events.push(...more)
      }
      return { events, result: undefined }
    })
  }

  /** The first node gets other labels. */
  label(labels: Readonly<Record<string, string>>): Promise<unknown> {
    const [first] = this.listeners
    assert.ok(first)
    return this.controller.change({ actor: 'test' }, (state) =>
      changeLabels(state, first.identity.id, labels),
    )
  }

  /** All but the last get these labels, with one change. */
  labelOthers(labels: Readonly<Record<string, string>>): Promise<unknown> {
    const nodes = this.listeners.slice(0, -1).map(({ identity }) => identity.id)
    return this.controller.change({ actor: 'test' }, (state) => ({
      events: nodes.flatMap((node) => changeLabels(state, node, labels).events),
      result: undefined,
    }))
  }

  setPolicy(policy: PolicyInput): Promise<unknown> {
    return this.controller.change({ actor: 'test' }, (state) => setPolicy(state, this.network.id, policy))
  }

  /** From now on databases may open one port of all others, and the others everything. */
  permit(port: number): Promise<unknown> {
    const rules = [{ from: 'role=db', to: '*', protocols: ['tcp' as const], ports: [port] }]
    return this.controller.change({ actor: 'test' }, (state) =>
      setPolicy(state, this.network.id, { default: 'allow', rules }),
    )
  }

  /** The last node is a member no more. */
  removeLast(): Promise<unknown> {
    const last = this.listeners.at(-1)
    assert.ok(last)
    return this.controller.change({ actor: 'test' }, (state, tools) =>
      removeMember(state, tools, this.network.id, last.identity.id),
    )
  }

  /** The controller stops and starts again; nobody is connected any more. */
  async restart(): Promise<void> {
    for (const { line } of this.listeners.splice(0)) line.cut()
    await this.controller[Symbol.asyncDispose]()
    await this.#open()
  }

  /** What the controller counted since its start. */
  async counts() {
    const of = async (name: string) =>
      (await this.controller.metrics.getSingleMetric(name)?.get())?.values[0]?.value ?? Number.NaN
    return {
      encodings: await of('weft_content_encodings_total'),
      signatures: await of('weft_content_signatures_total'),
      frames: await of('weft_agent_frames_sent_total'),
      bytes: await of('weft_agent_bytes_sent_total'),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { line } of this.listeners) line.cut()
    await this.#controller?.[Symbol.asyncDispose]()
    await rm(this.#dataDir, { recursive: true, force: true })
  }

  /** What comes next comes so many ms later. */
  letPass(milliseconds: number): void {
    this.#ahead += milliseconds
  }

  async #open(): Promise<void> {
    const settings = loadSettings(controllerSettings, {
      environment: {},
      flags: {
        dataDir: this.#dataDir,
        gatherMilliseconds: 5,
        heartbeatSeconds: 300,
        listen: ['unix:/nowhere'],
      },
    })
    this.#controller = await openController(settings, { clock: this.#clock, random: systemRandom, log })
  }
}

export function newIdentity(): Identity {
  return new Identity(new SecretBytes(systemRandom(32)))
}

export function framesOf({ received }: Listener): ControllerFrame[] {
  return received.map(readControllerFrame)
}

export function say({ line }: Listener, facts: Facts): void {
  line.agent.send(encodeFrame({ type: 'facts', facts }))
}
