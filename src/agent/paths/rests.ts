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
  readonly #rests = new Map<string, Rest>()
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
    return this.#rests.get(keyOf(candidate))?.until ?? Number.NEGATIVE_INFINITY
  }

  /** Lays the candidate to rest. @param worked milliseconds for which the path had worked before */
  fail(candidate: Candidate, moment: Moment, worked = 0): void {
    const key = keyOf(candidate)
    const before = worked >= PATIENCE.longestRest ? 0 : (this.#rests.get(key)?.failures ?? 0)
    this.#rest(candidate, before + 1, moment)
  }

  /** Every path failed, so the fault is none of theirs. */
  clear(): void {
    this.#rests.clear()
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
    const keys = new Set(candidates.map(keyOf))
    for (const key of this.#rests.keys()) if (!keys.has(key)) this.#rests.delete(key)
  }

  #rest(candidate: Candidate, failures: number, moment: Moment): void {
    const length = Math.min(PATIENCE.longestRest, PATIENCE.firstRest * 2 ** (failures - 1))
    const until = candidate.kind === 'punched' ? this.#together(length, moment) : moment.now + length
    this.#rests.set(keyOf(candidate), { failures, until })
    this.#most = Math.max(this.#most, failures)
  }

  /**
   * Two translations let each other's packets in only when both ends send within the half minute or so for which they
   * remember. So both ends retry on a grid of common time: its steps are halves of each other, so that an end that waits
   * longer meets the other on every step of its own. On average the wait is `length`.
   */
  #together(length: number, { now, utc }: Moment): number {
    let step = PATIENCE.longestRest
    while (step / 2 > length) step /= 2
    const earliest = utc + length / 2
    const offset = this.#phase * PATIENCE.longestRest
    const behind = (((earliest - offset) % step) + step) % step
    return now + length / 2 + (step - behind)
  }
}
