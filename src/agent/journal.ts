import type { NetworkId } from '../model/names.ts'
import { encodeFrame } from '../protocol/frames.ts'
import type { Home } from './home.ts'
import type { ContentFrame } from './replica.ts'

/** Lines after which the journal of a network is begun anew. */
const JOURNAL_LIMIT = 512

/** What led to the last plan that was applied: written afterwards, never before, and what a restart begins with. */
export class Journal {
  readonly #network: NetworkId
  readonly #home: Home
  readonly #apart: () => readonly ContentFrame[]
  #unsaved: ContentFrame[] = []
  #lines = 0

  /** @param apart all that no snapshot tells, as it is known by now */
  constructor(network: NetworkId, home: Home, apart: () => readonly ContentFrame[]) {
    this.#network = network
    this.#home = home
    this.#apart = apart
  }

  /** These lines are there already. */
  restored(frames: readonly ContentFrame[]): void {
    this.#lines = frames.length
  }

  /** A frame that was taken, and is not applied yet. */
  add(frame: ContentFrame): void {
    this.#unsaved.push(frame)
  }

  /** Whether it is time to begin anew with a snapshot. */
  get isLong(): boolean {
    return this.#lines > JOURNAL_LIMIT
  }

  /** Writes what was added; it is applied now. */
  async save(): Promise<void> {
    const frames = this.#unsaved
    this.#unsaved = []
    const snapshotAt = frames.findLastIndex(({ type }) => type === 'snapshot')
    const apart = this.#apart()
    if (snapshotAt < 0 || apart.length === 0) return this.#append(frames)
    const rest = frames.slice(snapshotAt).filter((frame) => !isApart(frame))
    const kept = [...apart, ...rest].map(encodeFrame)
    this.#lines = kept.length
    await this.#home.rewrite(this.#network, kept)
  }

  async #append(frames: readonly ContentFrame[]): Promise<void> {
    for (const frame of frames) await this.#home.append(this.#network, encodeFrame(frame))
    this.#lines += frames.length
  }
}

/** Whether no snapshot tells what it does: what a node is itself, and who is on its LAN. */
function isApart({ type }: ContentFrame): boolean {
  return type === 'self' || type === 'lan'
}
