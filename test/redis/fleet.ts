import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { type RunningServer, startServer } from '../../src/api/server.ts'
import { systemClock } from '../../src/clock.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { openController } from '../../src/controller/open.ts'
import { type ControllerSettings, controllerSettings } from '../../src/controller/settings.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { loadSettings } from '../../src/settings.ts'
import { freePort } from '../port.ts'
import { startTestAgent, type TestAgent } from './agent.ts'
import type { RedisSite } from './site.ts'

/** One of several controllers on the same log; it can be stopped and started again at the same place. */
export class Replica {
  readonly settings: ControllerSettings
  readonly lines: string[] = []
  readonly #log: Logger
  #running: { readonly controller: Controller; readonly server: RunningServer } | undefined
  /** Told at the very first start only. */
  firstToken = ''

  constructor(settings: ControllerSettings) {
    this.settings = settings
    this.#log = pino({ level: 'debug' }, { write: (line: string) => void this.lines.push(line) })
  }

  get controller(): Controller {
    if (this.#running) return this.#running.controller
    throw new Error('this replica does not run')
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  get url(): string {
    return `https://${this.settings.listen[0]}`
  }

  get port(): number {
    return Number(this.url.split(':').at(-1))
  }

  async start(): Promise<void> {
    const tools = { clock: systemClock, random: systemRandom, log: this.#log }
    const controller = await openController(this.settings, tools)
    const secret = controller.firstAdminToken
    if (secret) this.firstToken = Buffer.from(secret.expose()).toString()
    this.#running = { controller, server: await startServer(controller, this.#log) }
  }

  /** As a supervisor does it: agents are sent away, requests under way are answered. */
  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    if (!running) return
    running.controller.drain()
    await running.server.close()
    await running.controller[Symbol.asyncDispose]()
  }
}

/** Replicas on one Redis, in this process, each behind a TLS server of its own. */
export class ReplicaFleet implements AsyncDisposable {
  readonly replicas: readonly Replica[]
  readonly #dir: string
  readonly #agents: TestAgent[] = []

  private constructor(dir: string, replicas: readonly Replica[]) {
    this.#dir = dir
    this.replicas = replicas
  }

  static async start(
    site: RedisSite,
    count: number,
    overrides: Partial<ControllerSettings> = {},
  ): Promise<ReplicaFleet> {
    const dir = await mkdtemp(join(tmpdir(), 'weft-replicas-'))
    const ports = await Promise.all(Array.from({ length: count }, freePort))
    const urls = ports.map((port) => `https://127.0.0.1:${port}`)
    const realm = randomUUID().slice(0, 8)
    const replicas = ports.map((port, at) => {
      const flags: Partial<ControllerSettings> = {
        dataDir: join(dir, `replica-${at}`),
        wrappingKeyFile: join(dir, 'wrapping.key'),
        listen: [`127.0.0.1:${port}`],
        publicUrls: urls,
        store: 'redis',
        redisUrls: [...site.urls],
        redisRealm: realm,
        ipv4Pool: ['10.0.0.0/8'],
        ...overrides,
      }
      return new Replica(loadSettings(controllerSettings, { environment: {}, flags }))
    })
    const fleet = new ReplicaFleet(dir, replicas)
    const [first, ...others] = replicas
    await first?.start()
    await Promise.all(others.map((replica) => replica.start()))
    return fleet
  }

  /** The admin's token. */
  get token(): string {
    return this.replicas.map(({ firstToken }) => firstToken).find(Boolean) ?? ''
  }

  at(index: number): Replica {
    const replica = this.replicas[index % this.replicas.length]
    if (replica) return replica
    throw new RangeError(`no replica ${index}`)
  }

  get running(): readonly Replica[] {
    return this.replicas.filter(({ isRunning }) => isRunning)
  }

  startAgent(name: string, token: string): TestAgent {
    const agent = startTestAgent(name, token)
    this.#agents.push(agent)
    return agent
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()))
    await Promise.all(this.replicas.map((replica) => replica.stop()))
    await rm(this.#dir, { recursive: true, force: true })
  }
}
