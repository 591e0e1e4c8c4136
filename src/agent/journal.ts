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
  #unsaved: ContentFrame[] = []
  /** Of what no snapshot tells, the last word. */
  readonly #apart = new Map<ContentFrame['type'], ContentFrame>()
  #lines = 0

  constructor(network: NetworkId, home: Home) {
    this.#network = network
    this.#home = home
  }

  /** These lines are there already. */
  restored(frames: readonly ContentFrame[]): void {
    this.#lines = frames.length
    for (const frame of frames) this.#note(frame)
  }

  /** A frame that was taken, and is not applied yet. */
  add(frame: ContentFrame): void {
    this.#note(frame)
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
    if (snapshotAt < 0 || !this.#apart.has('self')) return this.#append(frames)
    const rest = frames.slice(snapshotAt).filter((frame) => !isApart(frame))
    const kept = [...this.#apart.values(), ...rest].map(encodeFrame)
    this.#lines = kept.length
    await this.#home.rewrite(this.#network, kept)
  }

  #note(frame: ContentFrame): void {
    if (isApart(frame)) this.#apart.set(frame.type, frame)
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
