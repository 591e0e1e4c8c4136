import { WeftError } from '../../errors.ts'
import type { Log } from '../../log/log.ts'
import { openSnapshot } from '../../log/snapshot.ts'
import { applyEntry } from '../../model/apply.ts'
import { emptyState, type State } from '../../model/state.ts'
import type { AuditStep } from './record.ts'

/** What it needs of a log. */
export type PastLog = Pick<Log, 'base' | 'snapshots' | 'read' | 'head'>

/** Entries between two states that are kept of the last fold, and most of those: what pages next to each other share. */
const STEP = 256
const MOST_RECENT = 128
/** States that are kept of all folds, ever further apart as the log grows. */
const MOST_KEPT = 64
/** After so many entries there may be a newer snapshot (controller/upkeep.ts). */
const BETWEEN_SNAPSHOTS = 10_000

/**
 * The log with the states around each entry. A state is folded from the nearest one that is known: the empty one, a
 * snapshot, or one that was kept of an earlier fold; so only the first look far back is long. Entries before the oldest
 * snapshot of a log from which others were dropped have no states that anybody could know.
 */
export class PastStates {
  readonly #log: PastLog
  #recent: readonly State[] = []
  #kept: readonly State[] = []
  #spacing = STEP
  #snapshots: readonly State[] = []
  #snapshotsAt = Number.NEGATIVE_INFINITY
  #turn: Promise<unknown> = Promise.resolve()

  constructor(log: PastLog) {
    this.#log = log
  }

  /**
   * Entries `from` to `to`, in order; some hundreds at most. One after the other, however many ask. Rejects with `not-found`
   * when entry `from` was dropped.
   */
  steps(from: number, to: number): Promise<readonly AuditStep[]> {
    const mine = this.#turn.then(() => this.#steps(from, to))
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  /** The first entry whose states are known for sure. */
  async knownFrom(): Promise<number> {
    const base = await this.#log.base()
    if (base.sequence === 0) return 1
    await this.#loadSnapshots(base.sequence)
    return (this.#snapshots.at(-1)?.sequence ?? this.#log.head().sequence) + 1
  }

  async #steps(from: number, to: number): Promise<readonly AuditStep[]> {
    const base = await this.#log.base()
    await this.#loadSnapshots(base.sequence)
    let state = await this.#before(from, base.sequence)
    const later = this.#snapshots.findLast(({ sequence }) => sequence >= from) ?? emptyState
    const steps: AuditStep[] = []
    for await (const entry of this.#log.read(from)) {
      const after = state && applyEntry(state, entry)
      const around = { before: state ?? later, after: after ?? later }
      steps.push({ entry, ...around, complete: state !== undefined })
      state = after ?? this.#snapshots.find(({ sequence }) => sequence === entry.sequence)
      if (entry.sequence >= to) break
    }
    if (state) this.#keep(state)
    return steps
  }

  /** The state before an entry; undefined when nothing is known from which it could be folded. */
  async #before(from: number, base: number): Promise<State | undefined> {
    const origin = base === 0 ? [emptyState] : []
    const known = [...origin, ...this.#snapshots, ...this.#kept, ...this.#recent].filter(
      ({ sequence }) => sequence < from && sequence >= base,
    )
    const nearest = known.reduce<State | undefined>(
      (best, each) => (best && best.sequence >= each.sequence ? best : each),
      undefined,
    )
    if (!nearest || nearest.sequence === from - 1) return nearest
    let state = nearest
    for await (const entry of this.#log.read(state.sequence + 1)) {
      state = applyEntry(state, entry)
      if (state.sequence % STEP === 0) this.#keep(state)
      if (state.sequence >= from - 1) break
    }
    return state
  }

  #keep(state: State): void {
    const others = this.#recent.filter(({ sequence }) => sequence !== state.sequence)
    this.#recent = [...others, state].slice(-MOST_RECENT)
    const isNear = ({ sequence }: State) => Math.abs(sequence - state.sequence) < this.#spacing
    if (this.#kept.some(isNear)) return
    const kept = [...this.#kept, state].sort((a, b) => a.sequence - b.sequence)
    if (kept.length > MOST_KEPT) this.#spacing *= 2
    this.#kept = kept.length > MOST_KEPT ? kept.filter((_, at) => at % 2 === 0) : kept
  }

  /** The newest first. One that is damaged is as if it were not there; starting and `weft log verify` tell of it. */
  async #loadSnapshots(base: number): Promise<void> {
    const { sequence } = this.#log.head()
    const isStale = sequence - this.#snapshotsAt > BETWEEN_SNAPSHOTS || base > this.#snapshotsAt
    if (!isStale) return
    const states: State[] = []
    for (const snapshot of await this.#log.snapshots()) {
      try {
        states.push(openSnapshot(snapshot))
      } catch (error) {
        if (!(error instanceof WeftError)) throw error
      }
    }
    this.#snapshots = states
    this.#snapshotsAt = sequence
  }
}
