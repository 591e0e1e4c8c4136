import { WeftError } from '../../errors.ts'
import { isMadeOf } from '../../log/chain.ts'
import { failpoint } from '../../log/failpoint.ts'
import type { AppendOptions, Draft, Entry, Log, Origin } from '../../log/log.ts'
import { startingState } from '../../log/snapshot.ts'
import { applyEntry } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import type { State } from '../../model/state.ts'
import type { Decision } from '../tools.ts'
import { Arrivals } from './arrivals.ts'
import { RECENT, type Step } from './recent.ts'

export interface ChangeRequest {
  /** Who wants it: a token id, a node id, or `system`. */
  readonly actor: string
  /** The same operation is done once, however often it is asked for. */
  readonly operation: string
  /** Whether it got its name for this very call, so that nobody can have asked for it before. */
  readonly isNew?: boolean
  /** Kept with the operation, to tell whether it is really the same. */
  readonly request?: string
  /** Absent: the controller does it by itself. */
  readonly origin?: Origin
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What became of a change. A repeated operation answers with the entry of the first time; `result` is not made again. */
export type Outcome<Result> =
  | {
      readonly repeated: false
      readonly result: Result
      readonly state: State
      readonly entry: Entry | undefined
    }
  | { readonly repeated: true; readonly state: State; readonly entry: Entry }

/** Called after each entry, in order: with the state before and after it. */
export type EntryListener = (entry: Entry, before: State, after: State) => void

/** How the log was found. */
type Beginning = Pick<Ledger, 'passedOver' | 'recent'>

interface Pending {
  readonly draft: Draft
  readonly before: State
  readonly after: State
}

interface Refusal {
  readonly error: unknown
}

/** A decision made on a state that another writer has overtaken is made again, this often; writers take turns. */
const MAX_TRIES = 32

/**
 * The projection of the log, and the way to change it. Decisions are made one after the other on the state as it will be
 * when everything before them is durable, so that many can be on their way to the disk at once; nothing of them is seen by
 * anybody before the log has them. Entries come back through `follow`, those of other writers too.
 */
export class Ledger {
  /** Why snapshots were passed over at the start. */
  readonly passedOver: readonly WeftError[]
  /** The last entries at the start, with the states around them. */
  readonly recent: readonly Step[]
  readonly #log: Log
  readonly #listeners: EntryListener[] = []
  /** By operation, the last call that asked for it. */
  readonly #underWay = new Map<string, Promise<unknown>>()
  #pending: readonly Pending[] = []
  #state: State
  readonly #arrivals = new Arrivals()

  private constructor(log: Log, state: State, { passedOver, recent }: Beginning) {
    this.passedOver = passedOver
    this.recent = recent
    this.#log = log
    this.#state = state
  }

  /**
   * Folds the log, from its newest snapshot on, then follows it until `signal` is aborted. `onFailure` hears when following
   * ends otherwise.
   */
  static async open(log: Log, signal: AbortSignal, onFailure: (cause: unknown) => void): Promise<Ledger> {
    const start = await startingState(log)
    let { state } = start
    const recent: Step[] = []
    for await (const entry of log.read(state.sequence + 1)) {
      const before = state
      state = applyEntry(before, entry)
      recent.push({ entry, before, after: state })
      if (recent.length > RECENT * 2) recent.splice(0, RECENT)
    }
    const ledger = new Ledger(log, state, { passedOver: start.passedOver, recent: recent.slice(-RECENT) })
    ledger.#follow(signal).catch(onFailure)
    return ledger
  }

  /** What is durable. */
  get state(): State {
    return this.#state
  }

  onEntry(listener: EntryListener): void {
    this.#listeners.push(listener)
  }

  /**
   * Resolves with a state in which everything is that was durable anywhere at the time of the call. Rejects when the store
   * does not say: what is known here may then be old.
   */
  async catchUp(): Promise<State> {
    const head = await this.#log.refresh()
    return this.#reach(head.sequence)
  }

  /** Resolves with the state as soon as it has come to `sequence`; rejects with `store-unavailable` after `limit` ms. */
  async comeTo(sequence: number, limit: number): Promise<State> {
    if (this.#state.sequence >= sequence) return this.#state
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(notThere(sequence, this.#state)), limit)
    try {
      // A store that does not answer now may still do so in time.
      await Promise.race([this.catchUp().catch(() => undefined), late.promise])
      return await Promise.race([this.#reach(sequence), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Decides, appends, and resolves once the result is durable and in `state`. Rejects with what `decide` threw. */
  async change<Result>(
    request: ChangeRequest,
    decide: (state: State) => Decision<Result>,
  ): Promise<Outcome<Result>> {
    const { operation, isNew } = request
    if (isNew) return this.#decideAndAppend(request, decide)
    // One after the other, from the search on: the second one must not decide on what the first is about to make.
    const earlier = this.#underWay.get(operation) ?? Promise.resolve()
    const work = earlier.catch(() => undefined).then(() => this.#doOnce(request, decide))
    this.#underWay.set(operation, work)
    try {
      return await work
    } finally {
      if (this.#underWay.get(operation) === work) this.#underWay.delete(operation)
    }
  }

  async #doOnce<Result>(
    request: ChangeRequest,
    decide: (state: State) => Decision<Result>,
  ): Promise<Outcome<Result>> {
    const { entry, refusal } = await this.#log.look(request.operation)
    if (entry) return { repeated: true, state: await this.#reach(entry.sequence), entry }
    return this.#decideAndAppend(request, decide, refusal)
  }

  async #decideAndAppend<Result>(
    request: ChangeRequest,
    decide: (state: State) => Decision<Result>,
    refusal = '',
  ): Promise<Outcome<Result>> {
    let isCurrent = false
    for (let tries = 1; ; tries++) {
      const before = this.#pending.at(-1)?.after ?? this.#state
      const decided = attempt(() => decide(before))
      if ('error' in decided && isOfTheStore(decided.error)) throw decided.error
      try {
        // That there was nothing to do is kept, too, for who may repeat the call: by then there could be something.
        if ('events' in decided && (decided.events.length > 0 || request.request !== undefined)) {
          const isNew = tries === 1 && request.isNew === true
          return await this.#make(before, request, decided, { isNew, refusal })
        }
        await this.#reach(before.sequence, true)
        isCurrent ||= await this.#isCurrent(before)
        if (!isCurrent) {
          // What it is decided on next was durable after the call began, and that is enough.
          isCurrent = true
          continue
        }
        const known = request.isNew ? undefined : await this.#log.refuse(request.operation)
        if (known) return { repeated: true, state: await this.#reach(known.sequence), entry: known }
      } catch (error) {
        const known = await this.#afterFailure(error, request, decided, tries)
        if (known) return { repeated: true, state: await this.#reach(known.sequence), entry: known }
        continue
      }
      if ('error' in decided) throw decided.error
      return { repeated: false, result: decided.result, state: this.#state, entry: undefined }
    }
  }

  async #make<Result>(
    before: State,
    request: ChangeRequest,
    { events, result }: Decision<Result>,
    options: AppendOptions,
  ): Promise<Outcome<Result>> {
    const { entry, repeated } = await this.#append(before, { ...request, events }, options)
    const state = await this.#reach(entry.sequence)
    return repeated ? { repeated, state, entry } : { repeated, result, state, entry }
  }

  /** Returns when it is to be decided again, with what the operation came to if it was done meanwhile; throws otherwise. */
  async #afterFailure(
    error: unknown,
    { operation }: ChangeRequest,
    decided: Decision<unknown> | Refusal,
    tries: number,
  ): Promise<Entry | undefined> {
    const isOvertaken = error instanceof WeftError && error.code === 'conflict' && tries < MAX_TRIES
    if (isOvertaken) {
      await this.#reach(this.#log.head().sequence)
      return this.#log.find(operation)
    }
    // What is wrong in itself is so on any state. All else is not told by one who cannot know whether it is still so: an
    // agent would give up for good where it could have waited.
    throw 'error' in decided && isWrongInItself(decided.error) ? decided.error : error
  }

  /** Whether nothing was durable anywhere, at the time of the call, that is not in this state; `state` has it afterwards. */
  async #isCurrent({ sequence }: State): Promise<boolean> {
    const head = await this.#log.refresh()
    await this.#reach(head.sequence)
    return sequence >= head.sequence
  }

  async #append(before: State, draft: Draft, options: AppendOptions) {
    const after = applyEntry(before, { sequence: before.sequence + 1, events: draft.events })
    const pending: Pending = { draft, before, after }
    const standsOn = this.#pending.at(-1)?.draft
    this.#pending = [...this.#pending, pending]
    try {
      failpoint('ledger-before-append')
      const appended = await this.#log.append(before.sequence, draft, { ...options, after: standsOn })
      // What was made the first time counts; what was decided now never comes.
      if (appended.repeated) this.#dropFrom(pending, overtaken())
      return appended
    } catch (error) {
      this.#dropFrom(pending, error)
      throw error
    }
  }

  /** What stood on a change that failed fails too (the log sees to that), so none of it is decided upon any more. */
  #dropFrom(failed: Pending, cause: unknown): void {
    const at = this.#pending.indexOf(failed)
    if (at >= 0) this.#pending = this.#pending.slice(0, at)
    this.#arrivals.disappoint(failed.after.sequence, cause)
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const entry of this.#log.follow(this.#state.sequence + 1, signal)) this.#take(entry)
  }

  #take(entry: Entry): void {
    const before = this.#state
    const [first] = this.#pending
    const own = first?.before === before && isMadeOf(entry, first.draft) ? first : undefined
    this.#state = own ? own.after : applyEntry(before, entry)
    this.#pending = own ? this.#pending.slice(1) : []
    if (!own) this.#arrivals.disappoint(0, overtaken())
    failpoint('ledger-before-tell')
    for (const listener of this.#listeners) listener(entry, before, this.#state)
    failpoint('ledger-before-answer')
    this.#arrivals.come(entry.sequence)
  }

  /** Resolves with the durable state as soon as it has come to `sequence`. */
  async #reach(sequence: number, isHope = false): Promise<State> {
    if (this.#state.sequence < sequence) await this.#arrivals.wait(sequence, isHope)
    return this.#state
  }
}

/** What a decision came to: what is to be appended, which may be nothing; or why it is refused. */
function attempt<Result>(decide: () => Decision<Result>): Decision<Result> | Refusal {
  try {
    return decide()
  } catch (error) {
    return { error }
  }
}

function isOfTheStore(error: unknown): boolean {
  return !(error instanceof WeftError) || error.code === 'store-unavailable' || error.code === 'unavailable'
}

function isWrongInItself(error: unknown): boolean {
  return error instanceof WeftError && error.code === 'invalid-input'
}

function overtaken(): WeftError {
  return new WeftError('conflict', 'Another writer was faster.')
}

function notThere(sequence: number, state: State): WeftError {
  const message = `This controller has not come to entry ${sequence} yet; it is at ${state.sequence}.`
  return new WeftError('store-unavailable', message, { advice: 'Try again in a moment.' })
}

/** Those of `events` that have this type. */
export function eventsOf<Type extends Event['type']>(
  events: readonly Event[],
  type: Type,
): Extract<Event, { readonly type: Type }>[] {
  return events.filter((event): event is Extract<Event, { readonly type: Type }> => event.type === type)
}
