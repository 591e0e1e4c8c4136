import type { Clock } from '../../clock.ts'
import type { Log } from '../../log/log.ts'
import { headAt } from '../../log/snapshot.ts'
import type { Notebook } from './notebook.ts'

/** Milliseconds between two notes of where the log is: a backup that is put back is older than that. */
const INTERVAL = 1_000

/** Notes where the log ends, so that the next start sees whether it is still the same log or an older one. */
export class LogMark implements Disposable {
  readonly #notes: Pick<Notebook, 'put'>
  readonly #log: Pick<Log, 'head'>
  readonly #clock: Clock
  #notedAt = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(notes: Pick<Notebook, 'put'>, log: Pick<Log, 'head'>, clock: Clock) {
    this.#notes = notes
    this.#log = log
    this.#clock = clock
  }

  /** The log has grown: noted now, or when the interval is over, with all that came by then. */
  onEntry(): void {
    const left = this.#notedAt + INTERVAL - this.#clock.monotonic()
    if (left <= 0) this.#note()
    else this.#cancel ??= this.#clock.after(left, () => this.#note())
  }

  /** Notes the end for the last time. */
  [Symbol.dispose](): void {
    this.#note()
  }

  #note(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const { sequence, hash } = this.#log.head()
    this.#notedAt = this.#clock.monotonic()
    this.#notes.put('log', 'head', `${sequence} ${hash}`)
  }
}

/** Whether the log holds what was noted as its end before. Nothing noted, or compacted since, counts as held. */
export async function continuesNotes(log: Log, notes: Pick<Notebook, 'all'>): Promise<boolean> {
  const [note] = notes.all('log')
  const [sequence, hash] = note?.[1].split(' ') ?? []
  if (sequence === undefined) return true
  if (log.head().sequence < Number(sequence)) return false
  if ((await log.base()).sequence > Number(sequence)) return true
  return (await headAt(log, Number(sequence))).hash === hash
}
