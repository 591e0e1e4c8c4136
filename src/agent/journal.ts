import type { NetworkId } from '../model/names.ts'
import { encodeFrame } from '../protocol/frames.ts'
import type { Home } from './home.ts'
import type { ContentFrame } from './replica.ts'

/** Lines after which the journal of a network is begun anew. */
const JOURNAL_LIMIT = 512
/** Frames that wait to be applied, and for a disk which takes nothing; of more, none are kept until a snapshot is there. */
const UNSAVED_LIMIT = 4_096

/** Where its lines are kept. */
type JournalFile = Pick<Home, 'append' | 'rewrite'>

/** What led to the last plan that was applied: written afterwards, never before, and what a restart begins with. */
export class Journal {
  readonly #network: NetworkId
  readonly #home: JournalFile
  readonly #apart: () => readonly ContentFrame[]
  #unsaved: ContentFrame[] = []
  /** How many of them are applied. */
  #applied = 0
  #lines = 0
  /** Frames are missing behind the lines: nothing is written behind them any more, only a snapshot in their place. */
  #hasGap = false

  /** @param apart all that no snapshot tells, as it is known by now */
  constructor(network: NetworkId, home: JournalFile, apart: () => readonly ContentFrame[]) {
    this.#network = network
    this.#home = home
    this.#apart = apart
  }

  /** These lines are there already. */
  restored(frames: readonly ContentFrame[]): void {
    this.#lines = frames.length
  }

  /** Writes by what this node knows that it is a member, if nothing is written yet. */
  async begin(): Promise<void> {
    if (this.#lines === 0 && !this.#hasGap && this.#unsaved[0]?.type === 'self') await this.#append(1)
  }

  /** A frame that was taken, and is not applied yet. */
  add(frame: ContentFrame): void {
    if (this.#unsaved.length < UNSAVED_LIMIT) return this.#wait(frame)
    this.#hasGap = true
    this.#applied = 0
    // Another list, by which a write that is under way sees that what followed is lost.
    this.#unsaved = []
    this.#wait(frame)
  }

  /** Behind a gap, what waits begins with a snapshot. */
  #wait(frame: ContentFrame): void {
    if (!this.#hasGap || this.#unsaved.length > 0 || frame.type === 'snapshot') this.#unsaved.push(frame)
  }

  /** Whether it is time to begin anew with a snapshot, and none is there yet. */
  get wantsSnapshot(): boolean {
    const isDue = this.#hasGap || this.#lines > JOURNAL_LIMIT
    return isDue && !this.#unsaved.some(({ type }) => type === 'snapshot')
  }

  /** Not so while a part of what was added is lost, and no snapshot is written in place of it. */
  get isWhole(): boolean {
    return !this.#hasGap
  }

  /** Writes what was added; it is applied now. What cannot be written is for the next time. */
  save(): Promise<void> {
    this.#applied = this.#unsaved.length
    return this.write()
  }

  /** Writes what was applied by the last time, and could not be written then. */
  async write(): Promise<void> {
    const waiting = this.#unsaved
    const applied = waiting.slice(0, this.#applied)
    const snapshotAt = applied.findLastIndex(({ type }) => type === 'snapshot')
    const apart = this.#apart()
    if (snapshotAt < 0 || apart.length === 0) return this.#append(applied.length)
    const rest = applied.slice(snapshotAt).filter((frame) => !isApart(frame))
    const kept = [...apart, ...rest].map(encodeFrame)
    await this.#home.rewrite(this.#network, kept)
    this.#lines = kept.length
    if (waiting !== this.#unsaved) return
    this.#hasGap = false
    this.#drop(applied.length)
  }

  /** Writes the oldest `count` of what was added, each of them once; nothing behind a gap. */
  async #append(count: number): Promise<void> {
    const waiting = this.#unsaved
    for (const frame of waiting.slice(0, count)) {
      if (this.#hasGap) return
      await this.#home.append(this.#network, encodeFrame(frame))
      this.#lines += 1
      if (waiting === this.#unsaved) this.#drop(1)
    }
  }

  #drop(count: number): void {
    this.#unsaved.splice(0, count)
    this.#applied = Math.max(0, this.#applied - count)
  }
}

/** Whether no snapshot tells what it does: what a node is itself, and who is on its LAN. */
function isApart({ type }: ContentFrame): boolean {
  return type === 'self' || type === 'lan'
}
