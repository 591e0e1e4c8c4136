import { WeftError } from '../errors.ts'
import type { Draft, Entry, Log } from '../log/log.ts'
import { applyEntry } from '../model/apply.ts'
import type { Event } from '../model/event.ts'
import { emptyState, type State } from '../model/state.ts'
import type { Decision } from './tools.ts'

export interface ChangeRequest {
  /** Who wants it: a token id, a node id, or `system`. */
  readonly actor: string
  /** The same operation is done once, however often it is asked for. */
  readonly operation: string
  /** Kept with the operation, to tell whether it is really the same. */
  readonly request?: string
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

interface Pending {
  readonly draft: Draft
  readonly before: State
  readonly after: State
}

interface Waiting {
  readonly sequence: number
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/** A decision made on a state that another writer has overtaken is made again, this often. */
const MAX_TRIES = 8

/**
 * The projection of the log, and the way to change it. Decisions are made one after the other on the state as it will be
 * when everything before them is durable, so that many can be on their way to the disk at once; nothing of them is seen by
 * anybody before the log has them. Entries come back through `follow`, those of other writers too.
 */
export class Ledger {
  readonly #log: Log
  readonly #listeners: EntryListener[] = []
  readonly #underWay = new Map<string, Promise<unknown>>()
  #pending: readonly Pending[] = []
  #state: State
  #waiting: readonly Waiting[] = []

  private constructor(log: Log, state: State) {
    this.#log = log
    this.#state = state
  }

  /** Folds the whole log, then follows it until `signal` is aborted. `onFailure` hears when following ends otherwise. */
  static async open(log: Log, signal: AbortSignal, onFailure: (cause: unknown) => void): Promise<Ledger> {
    let state = emptyState
    for await (const entry of log.read(1)) state = applyEntry(state, entry)
    const ledger = new Ledger(log, state)
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

  /** Decides, appends, and resolves once the result is durable and in `state`. Rejects with what `decide` threw. */
  async change<Result>(
    request: ChangeRequest,
    decide: (state: State) => Decision<Result>,
  ): Promise<Outcome<Result>> {
    await this.#underWay.get(request.operation)?.catch(() => undefined)
    const known = await this.#log.find(request.operation)
    if (known) return { repeated: true, state: await this.#reach(known.sequence), entry: known }
    const work = this.#decideAndAppend(request, decide)
    this.#underWay.set(request.operation, work)
    return work.finally(() => this.#underWay.delete(request.operation))
  }

  async #decideAndAppend<Result>(
    request: ChangeRequest,
    decide: (state: State) => Decision<Result>,
  ): Promise<Outcome<Result>> {
    for (let tries = 1; ; tries++) {
      const before = this.#pending.at(-1)?.after ?? this.#state
      const { events, result } = decide(before)
      if (events.length === 0) {
        const state = await this.#reach(before.sequence)
        return { repeated: false, result, state, entry: undefined }
      }
      try {
        const { entry, repeated } = await this.#append(before, { ...request, events })
        const state = await this.#reach(entry.sequence)
        return repeated ? { repeated, state, entry } : { repeated, result, state, entry }
      } catch (error) {
        const overtaken = error instanceof WeftError && error.code === 'conflict'
        if (!overtaken || tries === MAX_TRIES) throw error
        await this.#reach(this.#log.head().sequence)
      }
    }
  }

  async #append(before: State, draft: Draft) {
    const after = applyEntry(before, { sequence: before.sequence + 1, events: draft.events })
    const pending: Pending = { draft, before, after }
    this.#pending = [...this.#pending, pending]
    try {
      return await this.#log.append(before.sequence, draft)
    } catch (error) {
      this.#dropFrom(pending, error)
      throw error
    }
  }

  /** What stood on a change that failed fails too (the log sees to that), so none of it is decided upon any more. */
  #dropFrom(failed: Pending, cause: unknown): void {
    const at = this.#pending.indexOf(failed)
    if (at >= 0) this.#pending = this.#pending.slice(0, at)
    const hopeless = this.#waiting.filter(({ sequence }) => sequence >= failed.after.sequence)
    this.#waiting = this.#waiting.filter(({ sequence }) => sequence < failed.after.sequence)
    for (const { reject } of hopeless) reject(cause)
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const entry of this.#log.follow(this.#state.sequence + 1, signal)) this.#take(entry)
  }

  #take(entry: Entry): void {
    const before = this.#state
    const own = this.#pending[0]?.draft.operation === entry.operation ? this.#pending[0] : undefined
    this.#state = own?.before === before ? own.after : applyEntry(before, entry)
    this.#pending = own ? this.#pending.slice(1) : []
    for (const listener of this.#listeners) listener(entry, before, this.#state)
    for (const { resolve } of this.#waiting.filter(({ sequence }) => sequence <= entry.sequence)) resolve()
    this.#waiting = this.#waiting.filter(({ sequence }) => sequence > entry.sequence)
  }

  /** Resolves with the durable state as soon as it has come to `sequence`. */
  async #reach(sequence: number): Promise<State> {
    if (this.#state.sequence < sequence) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting = [...this.#waiting, { sequence, resolve, reject }]
      })
    }
    return this.#state
  }
}

/** Those of `events` that have this type. */
export function eventsOf<Type extends Event['type']>(
  events: readonly Event[],
  type: Type,
): Extract<Event, { readonly type: Type }>[] {
  return events.filter((event): event is Extract<Event, { readonly type: Type }> => event.type === type)
}
