import { WeftError } from '../errors.ts'
import { applyEntry } from '../model/apply.ts'
import { encodeState } from '../model/codec.ts'
import { misshapen } from '../model/eventshape.ts'
import { emptyState, type State } from '../model/state.ts'
import { checkLink, damaged, EMPTY, headOf, type Row } from './chain.ts'
import type { Entry, Head, Snapshot } from './log.ts'
import { openSnapshot, withoutSnapshot } from './snapshot.ts'

/** What a log has to be, entry by entry: chained, foldable, and what its snapshots say. Throws `log-damaged` where it is not. */
export class Audit {
  readonly #snapshots: Map<number, Snapshot>
  /** Undefined between the base and the first snapshot: what those entries led to is known at the snapshot only. */
  #state: State | undefined
  #head: Head

  /** @param base the last entry that was dropped */
  constructor(base: Head, snapshots: readonly Snapshot[]) {
    if (base.sequence === 0 && base.hash !== EMPTY.hash)
      throw damaged(1, 'does not stand at the beginning of the chain')
    this.#head = base
    this.#snapshots = new Map(snapshots.map((snapshot) => [snapshot.sequence, snapshot]))
    this.#state = base.sequence === 0 ? emptyState : undefined
    const oldest = Math.min(...this.#snapshots.keys())
    if (base.sequence > 0 && !Number.isFinite(oldest)) throw withoutSnapshot(base)
    if (oldest < base.sequence) throw damaged(oldest, 'has a snapshot, though entries behind it were dropped')
    this.#checkSnapshot()
  }

  get head(): Head {
    return this.#head
  }

  get state(): State | undefined {
    return this.#state
  }

  /** The next one. */
  take(row: Row): Entry {
    const entry = checkLink(this.#head, row)
    checkShape(entry)
    this.#state &&= fold(this.#state, entry)
    this.#head = headOf(entry)
    this.#checkSnapshot()
    return entry
  }

  /** To be called behind the last entry. */
  finish(): void {
    const [late] = [...this.#snapshots.keys()].filter((sequence) => sequence > this.#head.sequence)
    if (late !== undefined)
      throw damaged(this.#head.sequence + 1, `is missing: there is a snapshot of ${late}`)
  }

  #checkSnapshot(): void {
    const snapshot = this.#snapshots.get(this.#head.sequence)
    if (!snapshot) return
    if (snapshot.hash !== this.#head.hash)
      throw damaged(snapshot.sequence, 'is not the one that its snapshot is of')
    const state = openSnapshot(snapshot)
    if (this.#state && !sameState(this.#state, state))
      throw damaged(snapshot.sequence, 'has a snapshot that is not what the entries up to it amount to')
    this.#state = state
  }
}

/** The chain says that nothing was altered since, and not that a controller wrote it. */
function checkShape({ sequence, events }: Entry): void {
  for (const event of events) {
    const field = misshapen(event)
    if (field !== undefined)
      throw damaged(sequence, `is not what a controller writes: ${field} has another form`)
  }
}

function fold(state: State, entry: Entry): State {
  try {
    return applyEntry(state, entry)
  } catch (cause) {
    const why = cause instanceof WeftError ? cause.message : String(cause)
    throw damaged(entry.sequence, `does not fit those before it. ${why}`)
  }
}

function sameState(a: State, b: State): boolean {
  const [one, other] = [encodeState(a), encodeState(b)]
  for (;;) {
    const [left, right] = [one.next(), other.next()]
    if (left.value !== right.value) return false
    if (left.done) return true
  }
}
