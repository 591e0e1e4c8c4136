import { fileURLToPath } from 'node:url'
import type { Enrolment } from '../../../src/agent/home.ts'
import type { Parcel } from '../../../src/controller/push/message.ts'
import type { NetworkId } from '../../../src/model/names.ts'
import { type Helper, startHelper } from '../helper.ts'
import type { CrewCalls } from './crew-process.ts'

const PROGRAM = fileURLToPath(new URL('crew-process.ts', import.meta.url))

/** Agents in one process: two sockets each, in ours and in the floor, stay below 20,000 open files. */
const CREW_LIMIT = 5_000
/** Also of few agents, for two ends on one core would hide what the controller costs. */
const CREWS_MIN = 2

/** Simulated agents, spread over processes. */
export class Crews implements AsyncDisposable {
  readonly #helpers: readonly Helper<CrewCalls>[]
  readonly #sizes: readonly number[]

  private constructor(helpers: readonly Helper<CrewCalls>[], sizes: readonly number[]) {
    this.#helpers = helpers
    this.#sizes = sizes
  }

  static async start(agents: number, least = CREWS_MIN): Promise<Crews> {
    const crews = Math.min(agents, Math.max(least, Math.ceil(agents / CREW_LIMIT)))
    const sizes = Array.from({ length: crews }, (_, at) => share(agents, crews, at))
    const helpers = await Promise.all(sizes.map(() => startHelper<CrewCalls>(PROGRAM)))
    return new Crews(helpers, sizes)
  }

  /** Connects them all, as nodes `first` and following. */
  async enlist(enrolment: Enrolment, network?: NetworkId, first = 0): Promise<void> {
    let next = first
    const parts = this.#sizes.map((count) => {
      const part = { first: next, count, network }
      next += count
      return part
    })
    await this.#all((helper, at) =>
      helper.call('enlist', enrolment, parts[at] ?? { first, count: 0, network }),
    )
  }

  async bytes(): Promise<number> {
    return sum(await this.#all((helper) => helper.call('bytes')))
  }

  /** The last frame of its kind that came to any of them, as it came. */
  async lastFrame(kind: 'delta' | 'snapshot'): Promise<Parcel> {
    const all = await this.#all((helper) => helper.call('lastFrame', kind))
    const last = all.find((one) => one !== undefined)
    if (last) return last
    throw new Error(`no ${kind} came to anybody`)
  }

  async hold(): Promise<void> {
    await this.#all((helper) => helper.call('hold'))
  }

  async release(): Promise<void> {
    await this.#all((helper) => helper.call('release'))
  }

  /** When each had acknowledged again after it was released. */
  async returned(): Promise<number[]> {
    return (await this.#all((helper) => helper.call('returned'))).flatMap((times) => times ?? [])
  }

  /** How often they have tried to get in, where all tried at once. */
  async tries(): Promise<number> {
    return sum(await this.#all((helper) => helper.call('tries')))
  }

  /** Lets each do a handshake with a server of the floor, all at once and until it is let in; gives when that was. */
  async knock(enrolment: Enrolment): Promise<number[]> {
    return (await this.#all((helper, at) => helper.call('knock', enrolment, this.#sizes[at] ?? 0))).flat()
  }

  /** Lets nodes `first` and following in, which are members of nothing, all at once. */
  async visit(enrolment: Enrolment, first: number): Promise<void> {
    let next = first
    const firsts = this.#sizes.map((size) => {
      next += size
      return next - size
    })
    await this.#all((helper, at) => helper.call('visit', enrolment, firsts[at] ?? 0, this.#sizes[at] ?? 0))
  }

  /** Milliseconds of CPU that they took so far. */
  async cpu(): Promise<number> {
    return sum(await this.#all((helper) => helper.call('cpu')))
  }

  /** As many plain websockets. */
  async openFloor(enrolment: Enrolment): Promise<void> {
    await this.#all((helper, at) => helper.call('openFloor', enrolment, this.#sizes[at] ?? 0))
  }

  async closeFloor(): Promise<void> {
    await this.#all((helper) => helper.call('closeFloor'))
  }

  /** As many bare TLS connections in addition. */
  async openBare(port: number): Promise<void> {
    await this.#all((helper, at) => helper.call('openBare', port, this.#sizes[at] ?? 0))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#all((helper) => helper.kill())
  }

  #all<Outcome>(work: (helper: Helper<CrewCalls>, at: number) => Promise<Outcome>): Promise<Outcome[]> {
    return Promise.all(this.#helpers.map(work))
  }
}

function share(total: number, parts: number, at: number): number {
  return Math.floor((total * (at + 1)) / parts) - Math.floor((total * at) / parts)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
