import { toWeftError } from '../../errors.ts'
import type { Bell } from '../bell.ts'
import { checkLink, damaged, EMPTY, headOf, type Row } from '../chain.ts'
import type { Entry, Head } from '../log.ts'
import { conflict, dropped, droppedMeanwhile, refused } from './errors.ts'
import type { Journal } from './journal.ts'
import type { Link } from './link.ts'
import { shared } from './shared.ts'
import type { ServerStatus } from './status.ts'

export interface ReaderTools {
  readonly journal: Journal
  /** Throws `store-unavailable` while there is none. */
  readonly link: () => Link
  /** Makes all there is durable, where that goes at the moment. Rejects in words for who asks to read. */
  readonly settle: (link: Link) => Promise<Head>
  /** Called with each row that comes from the server, before it is taken over. */
  readonly onRow: (row: Row) => void
  /** Rings when there is something new, or may be. */
  readonly news: Bell
}

/** Rows read at a time. */
const READ_LIMIT = 256
/** Milliseconds until a follower tries again what the server did not answer. */
const RETRY_WAIT = 1_000

/** What is durable, taken over from the server into the journal, and read from either. */
export class Reader {
  readonly #tools: ReaderTools
  readonly #journal: Journal
  #base: Head = EMPTY
  /** The end of the log at the last look, when it was not durable: at the next one somebody has to see to that. */
  #limbo = 0

  constructor(tools: ReaderTools) {
    this.#tools = tools
    this.#journal = tools.journal
  }

  /**
   * Resolves when the journal has what was durable on this server at the time of the call. Another may be the primary by
   * then, and this one not know it (link.ts, `prove`).
   */
  readonly refresh = shared(() => this.#pull())

  /** The last entry that is known on the server to be durable. */
  async durableEnd(link: Link): Promise<Head> {
    const { log } = await link.status()
    if (!log) throw notArmed()
    this.movedBase(log.base)
    const known = [EMPTY, log.base, log.head].find(({ sequence }) => sequence === log.durable)
    const [row] = known ? [known] : await this.#rows(link, log.durable, log.durable)
    return headOf(row ?? EMPTY)
  }

  /** Takes notice of how the server stands. Whether there is something to take over. */
  notice({ log }: ServerStatus): boolean {
    if (!log) return false
    this.movedBase(log.base)
    const inLimbo = log.head.sequence > log.durable ? log.head.sequence : 0
    const isStuck = inLimbo > 0 && this.#limbo === inLimbo
    this.#limbo = inLimbo
    return log.durable > this.#journal.head.sequence || isStuck
  }

  /** Entries up to `base` are gone. */
  movedBase(base: Head): void {
    if (base.sequence > this.#base.sequence) this.#journal.dropTo(base.sequence)
    this.#base = base
  }

  /** The entry of this number, which may not have come here yet. */
  async entry(sequence: number): Promise<Entry> {
    if (sequence > this.#journal.head.sequence) await this.refresh()
    const [entry] = await this.entriesAfter(await this.before(sequence))
    if (entry) return entry
    throw damaged(sequence, 'is missing')
  }

  /** What is known here from entry `from` on. */
  async *read(from: number): AsyncGenerator<Entry, void, void> {
    let last = await this.before(from)
    const { sequence: end } = this.#journal.head
    while (last.sequence < end) {
      for (const entry of await this.entriesAfter(last)) {
        if (entry.sequence > end) return
        yield entry
        last = entry
      }
    }
  }

  /** And what is to come. A server that is away for a while ends nothing: what comes comes later. */
  async *follow(from: number, signal: AbortSignal): AsyncGenerator<Entry, void, void> {
    let last = await this.before(from)
    while (!signal.aborted) {
      if (last.sequence >= this.#journal.head.sequence) {
        await this.#tools.news.wait(signal)
        continue
      }
      for (const entry of await this.entriesAfter(last).catch((error) => this.#waitOut(error, signal))) {
        yield entry
        if (signal.aborted) return
        last = entry
      }
    }
  }

  /** Waits out what passes, throws what does not. */
  async #waitOut(error: unknown, signal: AbortSignal): Promise<Entry[]> {
    if (toWeftError(error).code !== 'store-unavailable') throw error
    await this.#tools.news.wait(AbortSignal.any([signal, AbortSignal.timeout(RETRY_WAIT)]))
    return []
  }

  /** Where the log stands before entry `from`. */
  async before(from: number): Promise<Head> {
    const { head } = this.#journal
    if (from === head.sequence + 1) return head
    if (from > head.sequence || from < 1) throw conflict(from - 1, head)
    if (from <= this.#base.sequence) throw dropped(this.#base)
    if (from - 1 === this.#base.sequence) return this.#base
    const hash = this.#journal.hashAt(from - 1)
    if (hash !== undefined) return { sequence: from - 1, hash }
    const link = this.#tools.link()
    this.movedBase((await link.status()).log?.base ?? EMPTY)
    if (from - 1 === this.#base.sequence) return this.#base
    const [row] = await this.#rows(link, from - 1, from - 1)
    if (row) return headOf(row)
    throw damaged(from - 1, 'is missing')
  }

  /** The entries behind `last`, the first ones at least; only to be asked for when there are any. */
  async entriesAfter(last: Head): Promise<Entry[]> {
    const kept = this.#journal.entriesAfter(last.sequence, READ_LIMIT)
    if (kept.length > 0) return kept
    const rows = await this.#rows(this.#tools.link(), last.sequence + 1, this.#journal.head.sequence)
    return rows.map((row, index) => checkLink(rows[index - 1] ?? last, row))
  }

  /** Takes over what is durable by now. An end that nobody has confirmed is made durable first. */
  async #pull(): Promise<void> {
    const link = this.#tools.link()
    const { log, runId } = await link.status()
    if (log?.armed !== runId) throw notArmed()
    if (log.base.sequence > this.#journal.head.sequence) throw droppedMeanwhile(log.base)
    this.movedBase(log.base)
    await this.#takeUpTo(link, log.durable)
    const isAll = log.head.sequence <= Math.max(log.durable, this.#journal.head.sequence)
    if (!isAll) await this.#takeUpTo(link, (await this.#tools.settle(link)).sequence)
  }

  async #takeUpTo(link: Link, end: number): Promise<void> {
    while (this.#journal.head.sequence < end) {
      for (const row of await this.#rows(link, this.#journal.head.sequence + 1, end)) this.#take(row)
      this.#tools.news.ring()
    }
  }

  /** Own changes may have come to the journal meanwhile, from the other connection. */
  #take(row: Row): void {
    const { head } = this.#journal
    if (row.sequence <= head.sequence) return
    this.#tools.onRow(row)
    this.#journal.take(row, checkLink(head, row))
  }

  /** Rows `from` to `to`, the first ones at least. What is not there is missing only if this is still the right server. */
  async #rows(link: Link, from: number, to: number): Promise<Row[]> {
    const rows = await link.rows(from, to, READ_LIMIT)
    if (rows[0]?.sequence === from) return rows
    const { log, runId } = await link.status()
    if (log?.armed !== runId) throw notArmed()
    if (from <= log.base.sequence) throw dropped(log.base)
    throw damaged(from, 'is missing')
  }
}

function notArmed() {
  return refused('The Redis server has to be armed again.')
}
