import type { NetworkId } from '../model/names.ts'
import { type ControllerFrameOf, encodeFrame } from '../protocol/frames.ts'
import type { Home } from './home.ts'
import type { ContentFrame } from './replica.ts'

/** Lines after which the journal of a network is begun anew. */
const JOURNAL_LIMIT = 512

/** What led to the last plan that was applied: written afterwards, never before, and what a restart begins with. */
export class Journal {
  readonly #network: NetworkId
  readonly #home: Home
  #unsaved: ContentFrame[] = []
  #self: ControllerFrameOf<'self'> | undefined
  #lines = 0

  constructor(network: NetworkId, home: Home) {
    this.#network = network
    this.#home = home
  }

  /** These lines are there already. */
  restored(lines: number, self: ControllerFrameOf<'self'> | undefined): void {
    this.#lines = lines
    this.#self = self
  }

  /** A frame that was taken, and is not applied yet. */
  add(frame: ContentFrame): void {
    if (frame.type === 'self') this.#self = frame
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
    if (snapshotAt < 0 || !this.#self) return this.#append(frames)
    const kept = [this.#self, ...frames.slice(snapshotAt).filter(({ type }) => type !== 'self')].map(
      encodeFrame,
    )
    this.#lines = kept.length
    await this.#home.rewrite(this.#network, kept)
  }

  async #append(frames: readonly ContentFrame[]): Promise<void> {
    for (const frame of frames) await this.#home.append(this.#network, encodeFrame(frame))
    this.#lines += frames.length
  }
}
