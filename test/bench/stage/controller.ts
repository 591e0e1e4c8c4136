import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from '../../../src/cli/client.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { type Helper, startHelper } from '../helper.ts'
import type { ControllerCalls, StageSettings } from './controller-process.ts'
import type { Population } from './population.ts'

const PROGRAM = fileURLToPath(new URL('controller-process.ts', import.meta.url))

/** Frames and bytes sent to agents, encodings and signatures, since the controller started. */
export interface Counters {
  readonly frames: number
  readonly bytes: number
  readonly encodings: number
  readonly signatures: number
}

/** Longer than changes are gathered before they are told: to many, a push takes long, and the next comes later. */
const QUIET_MS = 400
const QUIET_WITH_MANY_MS = 600
const MANY = 500

/** What came in addition. */
export function growth(before: Counters, after: Counters): Counters {
  return {
    frames: after.frames - before.frames,
    bytes: after.bytes - before.bytes,
    encodings: after.encodings - before.encodings,
    signatures: after.signatures - before.signatures,
  }
}

interface BenchControllerOptions {
  readonly port?: number
  /** Where to put CPU profiles; undefined for none. */
  readonly profile?: string | undefined
  readonly own?: StageSettings
}

/** A controller in a process of its own, over the log of a population. */
export class BenchController implements AsyncDisposable {
  readonly population: Population
  readonly port: number
  readonly #helper: Helper<ControllerCalls>
  readonly #profile: string | undefined

  private constructor(
    population: Population,
    port: number,
    helper: Helper<ControllerCalls>,
    profile: string | undefined,
  ) {
    this.population = population
    this.port = port
    this.#helper = helper
    this.#profile = profile
  }

  static async start(
    population: Population,
    { port = 0, profile, own }: BenchControllerOptions = {},
  ): Promise<BenchController> {
    const helper = await startHelper<ControllerCalls>(PROGRAM)
    const taken = await helper.call('start', population.dataDir, port, own)
    return new BenchController(population, taken, helper, profile)
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  get call(): Helper<ControllerCalls>['call'] {
    return this.#helper.call
  }

  /** A REST client with every right. */
  client(): Client {
    const { fingerprint, adminToken } = this.population
    const place = { host: '127.0.0.1', port: this.port }
    return new Client({ place, fingerprint }, new SecretBytes(Buffer.from(adminToken)))
  }

  async counters(): Promise<Counters> {
    const metrics = await this.call('metrics')
    const of = (name: string) => metrics[`weft_${name}_total`] ?? 0
    return {
      frames: of('agent_frames_sent'),
      bytes: of('agent_bytes_sent'),
      encodings: of('content_encodings'),
      signatures: of('content_signatures'),
    }
  }

  /** Waits until the controller says nothing more to anybody. */
  async quiet(): Promise<Counters> {
    const { weft_agents_connected: connected = 0 } = await this.call('metrics')
    for (let before = await this.counters(); ; ) {
      await wait(connected < MANY ? QUIET_MS : QUIET_WITH_MANY_MS)
      const after = await this.counters()
      if (after.frames === before.frames) return after
      before = after
    }
  }

  /** Does `work`, with a CPU profile of the controller if that is wanted. */
  async profiled<Outcome>(name: string, work: () => Promise<Outcome>): Promise<Outcome> {
    if (this.#profile === undefined) return work()
    await this.call('startProfile')
    try {
      return await work()
    } finally {
      await this.call('stopProfile', join(this.#profile, `${name}.cpuprofile`))
    }
  }

  /** Ends it by SIGKILL. */
  kill(): Promise<void> {
    return this.#helper.kill()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}
