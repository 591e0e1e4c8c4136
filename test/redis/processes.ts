import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programFile } from '../../src/lab/program.ts'
import { freePort } from '../port.ts'
import { eventually } from '../rig.ts'
import { startTestAgent, type TestAgent } from './agent.ts'
import { type Answer, call } from './call.ts'
import type { RedisSite } from './site.ts'

/** On two busy cores a start takes many times as long as alone. */
const START_MS = 60_000
const SETTLE_MS = 60_000

/** `weft controller` as a process, which can be killed or stopped, and started again at the same place. */
export class ControllerProcess {
  readonly port: number
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #printed = ''
  #logged = ''

  constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** What it logged, a line of JSON each, in all its lives. */
  get log(): string {
    return this.#logged
  }

  /** Printed at the very first start of all. */
  get firstToken(): string | undefined {
    return /^admin token: (\S+)\n/m.exec(this.#printed)?.[1]
  }

  /** Resolves when it serves; rejects with what it said when it ended before. */
  async start(): Promise<void> {
    this.#printed = ''
    const env = { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '' }
    const args = [programFile(), 'controller', ...this.#args]
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    child.stdout.on('data', (text) => (this.#printed += text))
    child.stderr.on('data', (text) => (this.#logged += text))
    const isUp = () => {
      if (!this.isRunning) throw new Error(`the controller ended:\n${this.#logged.slice(-4_000)}`)
      return /^url: .*\n/m.test(this.#printed)
    }
    await eventually('the controller serves', isUp, START_MS)
  }

  /** Sends a signal and waits for the end. Resolves with the exit code; null after SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (!child || !this.isRunning) return child?.exitCode ?? null
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    return child.exitCode
  }
}

export interface FleetOptions {
  readonly count: number
  /** More flags for all, beside those that make them replicas. */
  readonly flags?: readonly string[]
  /** Instead of those of the site. */
  readonly urls?: readonly string[]
}

/** Controllers as processes that share a log, and real agents in this process. */
export class ProcessFleet implements AsyncDisposable {
  readonly controllers: readonly ControllerProcess[]
  readonly realm = 'test'
  /** Where each has its data, as `data-0`. */
  readonly dir: string
  readonly agents: TestAgent[] = []
  token = ''

  private constructor(dir: string, controllers: readonly ControllerProcess[]) {
    this.dir = dir
    this.controllers = controllers
  }

  static async start(site: RedisSite, { count, flags = [], urls = site.urls }: FleetOptions) {
    const dir = await mkdtemp(join(tmpdir(), 'weft-processes-'))
    const ports = await Promise.all(Array.from({ length: count }, freePort))
    const several = (flag: string, values: readonly string[]) => values.flatMap((value) => [flag, value])
    const shared = [
      ...['--store', 'redis', '--redis-realm', 'test', '--wrapping-key-file', join(dir, 'wrapping.key')],
      ...several('--redis-urls', urls),
      ...several(
        '--public-urls',
        ports.map((port) => `https://127.0.0.1:${port}`),
      ),
      ...flags,
    ]
    const controllers = ports.map((port, at) => {
      const own = ['--data-dir', join(dir, `data-${at}`), '--listen', `127.0.0.1:${port}`]
      return new ControllerProcess(port, [...own, ...shared])
    })
    const fleet = new ProcessFleet(dir, controllers)
    try {
      await fleet.#startAll()
      return fleet
    } catch (error) {
      await fleet[Symbol.asyncDispose]()
      throw error
    }
  }

  at(index: number): ControllerProcess {
    const controller = this.controllers[index % this.controllers.length]
    if (controller) return controller
    throw new RangeError(`no controller ${index}`)
  }

  get running(): readonly ControllerProcess[] {
    return this.controllers.filter(({ isRunning }) => isRunning)
  }

  /** A REST call of the administrator to one of them. */
  call(index: number, method: string, path: string, given: Parameters<typeof call>[4] = {}): Promise<Answer> {
    return call(this.at(index), this.token, method, path, given)
  }

  /** Makes a network with this many agents in it, at the first controller. */
  async startAgents(network: string, count: number): Promise<void> {
    await this.#ok('/v1/networks', { name: network })
    const { token } = await this.#ok('/v1/tokens', { networks: [network], uses: count })
    for (let at = 0; at < count; at++) this.agents.push(startTestAgent(`agent-${at}`, token))
    await this.settled(network, count)
  }

  /** Waits until, wherever one asks, the network has this many members who have all applied their plan. */
  async settled(network: string, count: number): Promise<void> {
    let seen = ''
    const isSettled = async () => {
      for (const controller of this.running) {
        const { body, text } = await call(controller, this.token, 'GET', `/v1/networks/${network}/members`)
        seen = text
        const states: unknown[] = body?.items?.map(({ state }: { state: unknown }) => state) ?? []
        if (states.length !== count || states.some((state) => state !== 'applied')) return false
      }
      return true
    }
    await eventually(`all ${count} have their plans`, isSettled, SETTLE_MS).catch((error: Error) => {
      throw new Error(`${error.message}: ${seen}`)
    })
  }

  /** How many agents are connected to one of them. */
  async connectedTo(index: number): Promise<number> {
    const { text } = await this.call(index, 'GET', '/metrics')
    return Number(/^weft_agents_connected (\d+)$/m.exec(text)?.[1])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()))
    await Promise.all(this.controllers.map((controller) => controller.stop('SIGKILL')))
    await rm(this.dir, { recursive: true, force: true })
  }

  async #startAll(): Promise<void> {
    const [first, ...others] = this.controllers
    await first?.start()
    this.token = await eventually('the first token', () => first?.firstToken, START_MS)
    await Promise.all(others.map((one) => one.start()))
  }

  async #ok(path: string, body: unknown) {
    const answer = await this.call(0, 'POST', path, { body })
    if (answer.status !== 201) throw new Error(`${path} was answered with ${answer.status}: ${answer.text}`)
    return answer.body
  }
}
