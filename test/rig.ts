import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import { runAgent } from '../src/agent/agent.ts'
import { type AgentSettings, agentSettings } from '../src/agent/settings.ts'
import { startServer } from '../src/api/server.ts'
import { systemClock } from '../src/clock.ts'
import { addMember, removeMember } from '../src/controller/commands/member.ts'
import { createNetwork, type NetworkInput } from '../src/controller/commands/network.ts'
import { createJoinToken, type JoinTokenInput } from '../src/controller/commands/token.ts'
import type { Controller } from '../src/controller/controller.ts'
import { openController } from '../src/controller/open.ts'
import { type ControllerSettings, controllerSettings } from '../src/controller/settings.ts'
import { type Random, systemRandom } from '../src/keys/random.ts'
import type { Network } from '../src/model/state.ts'
import { loadSettings } from '../src/settings.ts'
import { MemoryDriver } from '../src/wireguard/memory.ts'
import { findNetwork, findNode } from './lookup.ts'
import { freePort } from './port.ts'

/** A real controller behind a real TLS server, with real agents on in-memory devices, all in this process. */
export interface Rig extends AsyncDisposable {
  readonly controller: Controller
  /** `https://127.0.0.1:PORT` */
  readonly url: string
  /** Of the controller. */
  readonly dataDir: string
  /** Log lines of controller and agents. */
  readonly lines: string[]
  joinToken(input: JoinTokenInput): Promise<string>
  createNetwork(input: NetworkInput): Promise<Network>
  addMember(network: string, node: string): Promise<void>
  removeMember(network: string, node: string): Promise<void>
  startAgent(settings: Partial<AgentSettings>, driver?: MemoryDriver, random?: Random): RunningAgent
  /** Stops the controller and starts it again on the same log, at the same port. */
  restart(): Promise<void>
  /** Stops controller and server; agents run on. */
  stopController(): Promise<void>
  /** @param prepare what to do to the controller before it serves anybody */
  startController(
    prepare?: (controller: Controller) => Promise<unknown>,
    other?: Partial<ControllerSettings>,
  ): Promise<void>
}

export interface RunningAgent {
  readonly driver: MemoryDriver
  /** Resolves or rejects as `runAgent` does. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

export async function startRig(overrides: Partial<ControllerSettings> = {}): Promise<Rig> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weft-rig-'))
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const agents = new Set<RunningAgent>()
  const place = `127.0.0.1:${await freePort()}`
  const url = `https://${place}`
  const settings = { ...defaults(), dataDir, ...overrides, listen: [place], publicUrls: [url] }
  let running = await start(settings, log)
  return {
    get controller() {
      return running.controller
    },
    url,
    dataDir,
    lines,
    async joinToken(input) {
      const outcome = await running.controller.change({ actor: 'test' }, (state, tools) =>
        createJoinToken(state, tools, input),
      )
      assert.ok(!outcome.repeated)
      return running.controller.joinToken(outcome.result.secret)
    },
    async createNetwork(input) {
      const outcome = await running.controller.change({ actor: 'test' }, (state, tools) =>
        createNetwork(state, tools, input),
      )
      return findNetwork(outcome.state, input.name)
    },
    async addMember(network, node) {
      await running.controller.change({ actor: 'test' }, (state, tools) =>
        addMember(state, tools, findNetwork(state, network).id, findNode(state, node).id),
      )
    },
    removeMember: (network, node) => removeFrom(running.controller, network, node),
    startAgent(given, driver = new MemoryDriver(), random = systemRandom) {
      const agent = runInProcess({ ...agentDefaults(), ...given }, { driver, random, log })
      agents.add(agent)
      return agent
    },
    async restart() {
      await running.stop()
      running = await start(settings, log)
    },
    stopController: () => running.stop(),
    async startController(prepare, other) {
      running = await start({ ...settings, ...other }, log, prepare)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...agents].map((agent) => agent.stop()))
      await running.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Takes the node out of the network, both by name. */
export async function removeFrom(controller: Controller, network: string, node: string): Promise<void> {
  await controller.change({ actor: 'test' }, (state, tools) =>
    removeMember(state, tools, findNetwork(state, network).id, findNode(state, node).id),
  )
}

/** Waits until `check` gives something, which 0 and an empty text are not; fails after `limit` ms. */
export async function eventually<Value>(
  what: string,
  check: () => Value | undefined | false | Promise<Value | undefined | false>,
  limit = 5_000,
): Promise<Value> {
  const end = Date.now() + limit
  for (;;) {
    const value = await check()
    if (value) return value
    if (Date.now() > end) assert.fail(`not within ${limit} ms: ${what}`)
    await wait(10)
  }
}

/** Whether every member of the network has applied its latest revision. */
export function allApplied(controller: Controller, network: string): boolean {
  const { members, ...rest } = findNetwork(controller.state, network)
  return [...members.keys()].every(
    (node) => controller.status.member({ members, ...rest }, node).state === 'applied',
  )
}

async function start(
  settings: ControllerSettings,
  log: Logger,
  prepare: (controller: Controller) => Promise<unknown> = async () => undefined,
) {
  const controller = await openController(settings, { clock: systemClock, random: systemRandom, log })
  await prepare(controller)
  const server = await startServer(controller, log)
  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    controller.drain()
    await server.close()
    await controller[Symbol.asyncDispose]()
  }
  return { controller, stop }
}

function runInProcess(
  settings: AgentSettings,
  { driver, ...given }: { readonly driver: MemoryDriver; readonly random: Random; readonly log: Logger },
): RunningAgent {
  const abort = new AbortController()
  const tools = { clock: systemClock, signal: abort.signal, driver, ...given }
  const done = runAgent(settings, tools)
  done.catch(() => undefined)
  const stop = async () => {
    abort.abort()
    await done.catch(() => undefined)
  }
  return { driver, done, stop }
}

function defaults(): ControllerSettings {
  return loadSettings(controllerSettings, { environment: {}, flags: {} })
}

function agentDefaults(): AgentSettings {
  return loadSettings(agentSettings, { environment: {}, flags: {} })
}
