import type { Clock } from '../clock.ts'
import type { Random } from '../keys/random.ts'
import { toBase32 } from '../keys/text.ts'
import type { State } from '../model/state.ts'
import { catchUpInTime, changeInTime, type Deadline, deadlineOf, withoutKey } from './intime.ts'
import type { ChangeRequest, Ledger, Outcome } from './ledger/ledger.ts'
import type { ControllerSettings } from './settings.ts'
import type { Decision, Tools } from './tools.ts'

export interface ChangesTools {
  readonly clock: Clock
  readonly random: Random
  readonly settings: ControllerSettings
  readonly ledger: Ledger
  /** Notes how long a change took, in ms. */
  readonly durable: (milliseconds: number) => void
}

/** What somebody wants to be changed. */
export interface Asked extends Pick<ChangeRequest, 'actor' | 'request' | 'origin'> {
  readonly operation?: string
  /** Undefined: it is asked for now. */
  readonly deadline?: Deadline | undefined
}

/** The way to the log and back, within the time that a caller has. */
export class Changes {
  readonly #tools: ChangesTools
  /** Tells this process from all others, and how many changes it has named. */
  readonly #run: string
  #operations = 0

  constructor(tools: ChangesTools) {
    this.#tools = tools
    this.#run = toBase32(tools.random(16))
  }

  /** Of a request that comes in now. */
  deadline(kind: 'read' | 'change'): Deadline {
    return deadlineOf(this.#tools.clock.monotonic(), kind)
  }

  /** Resolves when everything is in the state that is durable anywhere by now. Rejects when the store does not say. */
  async catchUp({ known }: Deadline): Promise<void> {
    const { clock, ledger } = this.#tools
    if (this.#isAlone) return
    await catchUpInTime(ledger.catchUp(), known - clock.monotonic())
  }

  /** Resolves when the state has come to `sequence`; rejects with `store-unavailable` when that takes too long. */
  async comeTo(sequence: number, { known }: Deadline): Promise<void> {
    const { clock, ledger } = this.#tools
    await ledger.comeTo(sequence, known - clock.monotonic())
  }

  /** Decides on the latest state and appends what was decided. The same operation is done once. */
  async change<Result>(
    asked: Asked,
    decide: (state: State, tools: Tools) => Decision<Result>,
  ): Promise<Outcome<Result>> {
    const { clock, random, settings, ledger, durable } = this.#tools
    const { deadline = this.deadline('change'), ...request } = asked
    const now = clock.now()
    const isNew = request.operation === undefined
    const operation = request.operation ?? this.#newOperation(now)
    const tools = { now, random, settings }
    const began = clock.monotonic()
    const change = { ...request, operation, isNew, at: now }
    const work = ledger.change(change, (state) => decide(state, tools))
    const answer = this.#isAlone ? work : changeInTime(work, deadline.answered - began, operation)
    const outcome = await answer.catch((error) => {
      throw isNew ? withoutKey(error) : error
    })
    if (!outcome.repeated && outcome.entry) durable(clock.monotonic() - began)
    return outcome
  }

  /** Whether nobody else writes, and the store is a disk of this machine, which is waited for. */
  get #isAlone(): boolean {
    return this.#tools.settings.store === 'sqlite'
  }

  /** A name that nobody else gives. It begins with the time, so that an index of them grows at its end and not everywhere. */
  #newOperation(now: number): string {
    return `once-${now.toString(16)}-${this.#run}-${++this.#operations}`
  }
}
