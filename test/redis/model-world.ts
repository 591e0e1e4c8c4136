import { Ledger } from '../../src/controller/ledger/ledger.ts'
import { controllerSettings } from '../../src/controller/settings.ts'
import { WeftError } from '../../src/errors.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { openRedisLog, type RedisLog } from '../../src/log/redis/log.ts'
import { loadSettings } from '../../src/settings.ts'
import { countLost } from '../chaos/history.ts'
import {
  type Action,
  type Asked,
  decide,
  enrolments,
  explain,
  type Model,
  membersIn,
} from '../chaos/model.ts'
import { collect } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import type { RedisSite } from './site.ts'
import { optionsFor } from './writers.ts'

const settings = loadSettings(controllerSettings, { environment: {}, flags: {} })
const NODES = 3

interface Replica {
  readonly log: RedisLog
  readonly ledger: Ledger
  readonly stop: AbortController
}

type Reply = Pick<Asked, 'told' | 'sequence'>

/** Ledgers of several replicas on one realm, and what callers ask of them. */
export class ModelWorld implements AsyncDisposable {
  readonly acknowledged: string[] = []
  readonly #site: RedisSite
  readonly #realm: string
  readonly #replicas: Replica[]
  #operations = 0

  private constructor(site: RedisSite, realm: string, replicas: Replica[]) {
    this.#site = site
    this.#realm = realm
    this.#replicas = replicas
  }

  static async start(site: RedisSite, realm: string, count: number): Promise<ModelWorld> {
    const replicas: Replica[] = []
    for (let at = 0; at < count; at++) replicas.push(await open(site, realm))
    const request = { actor: 'test', operation: 'nodes', at: 0 }
    await replicas[0]?.ledger.change(request, () => ({ events: enrolments(NODES), result: undefined }))
    return new ModelWorld(site, realm, replicas)
  }

  /** Something new. */
  async ask(at: number, action: Action): Promise<Reply> {
    this.#operations++
    return this.repeat(at, action)
  }

  /** The same operation as the last time. */
  async repeat(at: number, action: Action): Promise<Reply> {
    return this.#change(at, action, `op-${this.#operations}`)
  }

  /** All at once. What is wrong with the answers, as sentences; `model` comes to where the log does. */
  async race(
    list: readonly { readonly at: number; readonly action: Action }[],
    model: Model,
  ): Promise<string[]> {
    const { log } = this.#at(0)
    const { sequence: from } = await log.refresh()
    const told = await Promise.all(
      list.map(({ at, action }, one) => this.#change(at, action, `race-${from}-${one}`)),
    )
    const { sequence: to } = await log.refresh()
    const asked = list.map(({ action }, one): Asked => {
      const reply = told[one] ?? { told: 'unknown' }
      return { ...reply, operation: `race-${from}-${one}`, action, from, to }
    })
    return explain(model, asked, to > from ? await collect(log.read(from + 1)) : [])
  }

  /** As a caller sees it who asks for the latest. */
  async membersAt(at: number): Promise<[string, string[]][]> {
    return membersIn(await this.#at(at).ledger.catchUp())
  }

  /** How many of the acknowledged are not in the log. */
  async countLost(): Promise<number> {
    const { log } = this.#at(0)
    await log.refresh()
    const entries = await collect(log.read(1))
    return countLost(
      this.acknowledged,
      entries.map(({ operation }) => operation),
    )
  }

  async restart(at: number): Promise<void> {
    await close(this.#at(at))
    this.#replicas[at] = await open(this.#site, this.#realm)
  }

  /** All clients are cut off by the server, and the controllers connect anew. */
  async breakConnections(): Promise<void> {
    const server = await this.#site.primary()
    await server.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    for (const { log } of this.#replicas)
      await eventually(
        'it is connected again',
        () =>
          log.lease('model', 1).then(
            () => true,
            () => false,
          ),
        10_000,
      )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#replicas.map(close))
  }

  async #change(at: number, action: Action, operation: string): Promise<Reply> {
    const now = Date.now()
    const tools = { now, random: systemRandom, settings }
    const request = { actor: 'test', operation, at: now }
    // What was cut off a moment ago takes no changes yet, and says so; nothing was done then, or it is repeated.
    for (;;) {
      try {
        const { entry, repeated } = await this.#at(at).ledger.change(request, (state) =>
          decide(action, state, tools),
        )
        if (entry && !repeated) this.acknowledged.push(operation)
        return { told: 'done', sequence: entry?.sequence }
      } catch (error) {
        if (!(error instanceof WeftError)) throw error
        const { code } = error
        if (code === 'already-exists' || code === 'not-found') return { told: code }
        if (code !== 'store-unavailable') return { told: 'refused' }
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  #at(at: number): Replica {
    const replica = this.#replicas[at]
    if (replica) return replica
    throw new RangeError(`no replica ${at}`)
  }
}

async function open(site: RedisSite, realm: string): Promise<Replica> {
  const log = await openRedisLog(optionsFor(site, realm))
  const stop = new AbortController()
  return { log, ledger: await Ledger.open(log, stop.signal, () => undefined), stop }
}

async function close({ log, stop }: Replica): Promise<void> {
  stop.abort()
  await log[Symbol.asyncDispose]()
}
