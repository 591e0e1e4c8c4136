import { Ledger } from '../../../src/controller/ledger/ledger.ts'
import type { Tools as DecisionTools } from '../../../src/controller/tools.ts'
import { WeftError } from '../../../src/errors.ts'
import { type Action, type Answer, decide } from '../model.ts'
import { SimLog, type SimServer } from './store.ts'
import type { VirtualTime } from './time.ts'
import type { Wire } from './wire.ts'

export interface Surroundings {
  readonly time: VirtualTime
  readonly wire: Wire
  readonly server: SimServer
  readonly tools: () => DecisionTools
}

/** What a caller was told. */
export type Reply =
  | { readonly told: 'done'; readonly sequence: number }
  | { readonly told: Exclude<Answer, 'done'> | 'refused' | 'unknown' }

/** A controller's ledger on its end of the log; it can die, and then nobody hears of it again. */
export class Replica {
  readonly ledger: Ledger
  readonly #around: Surroundings
  readonly #log: SimLog
  readonly #stop: AbortController
  readonly #death = Promise.withResolvers<Reply>()

  private constructor(around: Surroundings, log: SimLog, ledger: Ledger, stop: AbortController) {
    this.#around = around
    this.#log = log
    this.ledger = ledger
    this.#stop = stop
  }

  /** Tries until it has read the log. */
  static async start(around: Surroundings): Promise<Replica> {
    const log = new SimLog(around)
    while (!(await log.refresh().catch(() => undefined)));
    const stop = new AbortController()
    const ledger = await Ledger.open(log, stop.signal, () => undefined)
    return new Replica(around, log, ledger, stop)
  }

  get isAlive(): boolean {
    return !this.#stop.signal.aborted
  }

  async die(): Promise<void> {
    this.#stop.abort()
    this.#death.resolve({ told: 'unknown' })
    await this.#log[Symbol.asyncDispose]()
  }

  ask(operation: string, action: Action): Promise<Reply> {
    return Promise.race([this.#change(operation, action), this.#death.promise])
  }

  async #change(operation: string, action: Action): Promise<Reply> {
    const { tools } = this.#around
    const request = { actor: 'test', operation, at: tools().now }
    try {
      const { entry } = await this.ledger.change(request, (state) => decide(action, state, tools()))
      return entry ? { told: 'done', sequence: entry.sequence } : { told: 'refused' }
    } catch (error) {
      if (error instanceof WeftError) return { told: toTold(error) }
      throw error
    }
  }
}

function toTold({ code }: WeftError): 'already-exists' | 'not-found' | 'refused' | 'unknown' {
  if (code === 'already-exists' || code === 'not-found') return code
  return code === 'store-unavailable' || code === 'unavailable' ? 'unknown' : 'refused'
}
