import type { Candidate } from '../../topology/reach.ts'
import { keyOf } from './path.ts'
import { PATIENCE } from './patience.ts'

/** A moment on two clocks. */
export interface Moment {
  /** Milliseconds since an arbitrary start; never goes back. */
  readonly now: number
  /** Milliseconds since 1970; may jump, and may be wrong. */
  readonly utc: number
}

interface Rest {
  readonly failures: number
  readonly until: number
}

/** Which paths of one pair of nodes have failed, and until when they are left alone. */
export class Rests {
  readonly #phase: number
  /** Absent until something fails, as these are of most pairs: of thousands they would be most of what there is. */
  #rests: Map<string, Rest> | undefined
  /** Those that have failed since one last worked. */
  #tried: Set<string> | undefined
  /** Failures in a row of the path that had most, also of one that is gone. */
  #most = 0
  /** Until when new facts are paid for (as in GCRA, ITU-T I.371). */
  #paidUntil = Number.NEGATIVE_INFINITY

  /** @param phase from 0 to 1, the same at both ends, different for each pair */
  constructor(phase: number) {
    this.#phase = phase
  }

  /** The instant (`Moment.now`) from which the candidate may be tried. */
  endOf(candidate: Candidate): number {
    return this.#rests?.get(keyOf(candidate))?.until ?? Number.NEGATIVE_INFINITY
  }

  /** How often in a row the candidate has failed. */
  failuresOf(candidate: Candidate): number {
    return this.#rests?.get(keyOf(candidate))?.failures ?? 0
  }

  /** Whether the candidate is to be tried now in a search in which each has its turn, however short its rest. */
  isOpen(candidate: Candidate, now: number): boolean {
    return !this.#tried?.has(keyOf(candidate)) && this.endOf(candidate) <= now
  }

  /** A path works, and the search is over. */
  found(): void {
    this.#tried = undefined
  }

  /** Lays the candidate to rest. @param worked milliseconds for which the path had worked before */
  fail(candidate: Candidate, moment: Moment, worked = 0): void {
    const before = worked >= PATIENCE.longestRest ? 0 : this.failuresOf(candidate)
    this.#rest(candidate, before + 1, moment)
    this.#tried ??= new Set()
    this.#tried.add(keyOf(candidate))
  }

  /** Every path failed, so the fault is none of theirs. */
  clear(): void {
    this.#rests = undefined
    this.#tried = undefined
    this.#most = 0
  }

  /**
   * The facts of the pair changed, so what failed may work now. Facts that change again and again end no rests: then a
   * candidate that is new rests as if it had failed like those before it.
   */
  renew(newcomers: readonly Candidate[], moment: Moment): void {
    if (this.#most === 0) return
    const paidUntil = Math.max(this.#paidUntil, moment.now) + PATIENCE.freshFacts
    if (paidUntil - moment.now <= PATIENCE.freshFacts * PATIENCE.freshFactsInARow) {
      this.#paidUntil = paidUntil
      this.clear()
    } else {
      for (const candidate of newcomers) this.#rest(candidate, this.#most, moment)
    }
  }

  /** Forgets the paths that are none any more. */
  keep(candidates: readonly Candidate[]): void {
    if (!this.#rests) return
    const keys = new Set(candidates.map(keyOf))
    for (const key of this.#rests.keys()) if (!keys.has(key)) this.#rests.delete(key)
  }

  #rest(candidate: Candidate, failures: number, moment: Moment): void {
    const length = Math.min(PATIENCE.longestRest, PATIENCE.firstRest * PATIENCE.restGrowth ** (failures - 1))
    const until = candidate.kind === 'punched' ? this.#together(length, moment) : moment.now + length
    this.#rests ??= new Map()
    this.#rests.set(keyOf(candidate), { failures, until })
    this.#most = Math.max(this.#most, failures)
  }

  /**
   * Two translations let each other's packets in only when both ends send within the half minute or so for which they
   * remember. So both ends retry on a grid of common time whose steps are halves of each other: `length` or up to twice as
   * long. An end never passes over an instant of the longest step, however it got there, so the two meet at that at last.
   */
  #together(length: number, { now, utc }: Moment): number {
    let step = PATIENCE.longestRest
    while (step / 2 >= length) step /= 2
    const offset = this.#phase * PATIENCE.longestRest
    const behind = (((utc - offset) % step) + step) % step
    return now + step - behind
  }
}
