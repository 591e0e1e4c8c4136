import { createHash } from 'node:crypto'
import { controllerSettings } from '../../../src/controller/settings.ts'
import { loadSettings } from '../../../src/settings.ts'
import { numbersFrom } from '../../disorder/mutate.ts'
import { countLost, gapsIn } from '../history.ts'
import { type Action, type Asked, enrolments, explain, Model, membersIn } from '../model.ts'
import { SimAgent, untrueIn } from './agent.ts'
import { Replica, type Surroundings } from './replica.ts'
import { SimServer } from './store.ts'
import { VirtualTime } from './time.ts'
import { FAIR, Wire } from './wire.ts'

export interface Simulated {
  /** What is wrong, as sentences. */
  readonly wrong: readonly string[]
  readonly acknowledged: number
  readonly lost: number
  readonly unknown: number
  /** Of all that happened: the same for the same seed. */
  readonly trace: string
}

const [REPLICAS, CALLERS, ACTIONS, NODES, AGENTS] = [3, 4, 12, 4, 4]
/** Virtual ms after which it must be over. */
const LIMIT = 600_000
const settings = loadSettings(controllerSettings, { environment: {}, flags: {} })

/** Replicas, callers and agents in a bad network, all of it by `seed`: another run with the same one is the same. */
export async function simulate(seed: number, flaw?: SimServer['flaw']): Promise<Simulated> {
  const world = new World(seed, flaw)
  await world.time.run(world.live(), LIMIT)
  return world.verdict()
}

class World {
  readonly time = new VirtualTime()
  readonly #number: (below: number) => number
  readonly #around: Surroundings
  readonly #replicas: Replica[] = []
  readonly #agents: readonly SimAgent[]
  readonly #asked: Asked[] = []
  #acknowledged = 0
  #isOver = false

  constructor(seed: number, flaw: SimServer['flaw']) {
    const number = numbersFrom(seed)
    this.#number = number
    const wire = new Wire(this.time, number)
    const random = (length: number) => Uint8Array.from({ length }, () => number(256))
    const tools = () => ({ now: 1_700_000_000_000 + this.time.now, random, settings })
    this.#around = { time: this.time, wire, server: new SimServer(flaw), tools }
    this.#agents = Array.from({ length: AGENTS }, () => new SimAgent(wire))
  }

  async live(): Promise<void> {
    for (let at = 0; at < REPLICAS; at++) this.#replicas.push(await Replica.start(this.#around))
    await this.#first.ledger.change({ actor: 'test', operation: 'nodes', at: 0 }, () => ({
      events: enrolments(NODES),
      result: undefined,
    }))
    const calls = Promise.all(Array.from({ length: CALLERS }, (_, at) => this.#call(at)))
    const noMore = calls.then(() => {
      this.#isOver = true
    })
    await Promise.all([noMore, this.#makeTrouble()])
    await this.#settle()
  }

  verdict(): Simulated {
    const { rows } = this.#around.server
    const model = new Model()
    const wrong = explain(model, this.#asked, rows)
    wrong.push(...gapsIn([0, ...rows.map(({ sequence }) => sequence)]))
    const expected = JSON.stringify(model)
    for (const { ledger } of this.#replicas)
      if (JSON.stringify(membersIn(ledger.state)) !== expected)
        wrong.push('a replica has another state than the log')
    for (const agent of this.#agents) {
      wrong.push(...untrueIn(agent, rows))
      if (agent.held !== expected) wrong.push('an agent does not have what the log says')
    }
    const trace = createHash('sha256').update(
      JSON.stringify([this.#asked, rows.map(({ hash }) => hash), this.time.now]),
    )
    const done = this.#asked.filter(({ told }) => told === 'done').map(({ operation }) => operation)
    const lost = countLost(
      done,
      rows.map(({ operation }) => operation),
    )
    const unknown = this.#asked.filter(({ told }) => told === 'unknown').length
    return { wrong, acknowledged: done.length, lost, unknown, trace: trace.digest('hex') }
  }

  /** One after the other, at any replica; what nobody knows is asked for again, perhaps at another. */
  async #call(caller: number): Promise<void> {
    for (let at = 0; at < ACTIONS; at++) {
      const [operation, action] = [`op-${caller}-${at}`, this.#anyAction()]
      const from = this.#acknowledged
      let reply = await this.#any.ask(operation, action)
      for (let again = 0; reply.told === 'unknown' && again < 3; again++) {
        await this.time.sleep(this.#number(100))
        reply = await this.#any.ask(operation, action)
      }
      const sequence = reply.told === 'done' ? reply.sequence : undefined
      const to = this.#around.server.head.sequence
      this.#asked.push({ operation, action, told: reply.told, sequence, from, to })
      this.#acknowledged = Math.max(this.#acknowledged, sequence ?? 0)
      await this.time.sleep(this.#number(40))
    }
  }

  #anyAction(): Action {
    const kind = (['create', 'delete', 'add', 'add', 'add', 'remove', 'remove'] as const)[this.#number(7)]
    return { kind: kind ?? 'add', network: `net-${this.#number(2)}`, node: `n${this.#number(NODES)}` }
  }

  async #makeTrouble(): Promise<void> {
    const { wire } = this.#around
    while (!this.#isOver) {
      await this.time.sleep(this.#number(300))
      const at = this.#number(REPLICAS)
      if (this.#number(4) === 0) await this.#restart(at)
      else if (this.#number(3) === 0) wire.weather = FAIR
      else
        wire.weather = { dropped: this.#number(30), doubled: this.#number(30), delay: 1 + this.#number(120) }
      this.#agents[this.#number(AGENTS)]?.attach(this.#any)
    }
    wire.weather = FAIR
  }

  async #restart(at: number): Promise<void> {
    const old = this.#replicas[at]
    await old?.die()
    const fresh = await Replica.start(this.#around)
    this.#replicas[at] = fresh
    for (const agent of this.#agents) if (agent.replica === old) agent.attach(fresh)
  }

  /** Until everybody has come to the end, or that never happens. */
  async #settle(): Promise<void> {
    const { head } = this.#around.server
    while (this.#replicas.some(({ ledger }) => ledger.state.sequence < head.sequence))
      await this.time.sleep(100)
    for (const agent of this.#agents) agent.attach(this.#any)
    await this.time.sleep(1_000)
  }

  get #any(): Replica {
    return this.#replicas[this.#number(REPLICAS)] ?? this.#first
  }

  get #first(): Replica {
    const [first] = this.#replicas
    if (first) return first
    throw new Error('no replica was started')
  }
}
