import { setImmediate as othersFirst } from 'node:timers/promises'
import { toWeftError, WeftError } from '../errors.ts'
import { Bell } from './bell.ts'
import { checkLink, damaged, entryOf, headOf, isMadeOf, link, type Row } from './chain.ts'
import { failpoint } from './failpoint.ts'
import { takeLock } from './lock.ts'
import type { Appended, AppendOptions, Draft, Entry, Head, Log, Look, Snapshot } from './log.ts'
import { Recent } from './recent.ts'
import { Store } from './store.ts'

/** How long an append waits at most for others to share its fsync, in ms, and how many share one at most. */
const GROUP_WAIT = 2
const GROUP_LIMIT = 512
/** Rows read at a time. */
const READ_LIMIT = 128
/** Entries dropped at a time: so long everything else waits, some ms. */
const DROP_LIMIT = 200

/**
 * The embedded log: one SQLite file, one process that writes to it. Rejects with `store-unavailable` when another process
 * has it, `invalid-config` when it cannot be at `path`, `log-damaged` when the file is no longer sound.
 */
export async function openSqliteLog(path: string): Promise<Log> {
  const lock = takeLock(path)
  try {
    return new SqliteLog(new Store(path), lock)
  } catch (cause) {
    lock[Symbol.dispose]()
    throw cause
  }
}

/** An append on its way to the disk. */
interface Queued {
  readonly row: Row
  readonly entry: Entry
  readonly written: PromiseWithResolvers<Entry>
}

class SqliteLog implements Log {
  readonly #failure = Promise.withResolvers<WeftError>()
  readonly failed = this.#failure.promise
  readonly #store: Store
  readonly #lock: Disposable
  /** By operation, in the order in which they came. */
  readonly #queue = new Map<string, Queued>()
  readonly #recent = new Recent()
  /** Rings at new entries and at the end. */
  readonly #news = new Bell()
  #head: Head
  /** The head as it will be when the queue is written. */
  #tail: Head
  /** What the tail is made of, if it was written here. */
  #newest: Entry | undefined
  #commitment: NodeJS.Immediate | undefined
  /** What is written besides entries, one after the other. */
  #upkeep: Promise<unknown> = Promise.resolve()
  /** Why nothing goes any more: what failed, or that the log was closed. */
  #end: WeftError | undefined

  constructor(store: Store, lock: Disposable) {
    this.#store = store
    this.#lock = lock
    this.#head = store.last()
    this.#tail = this.#head
  }

  head(): Head {
    return this.#head
  }

  /** Of a full disk nothing is known before it has refused a change. */
  get refusal(): WeftError | undefined {
    return this.#end ?? this.#store.refusal
  }

  async refresh(): Promise<Head> {
    return this.#head
  }

  /** There is no other writer. */
  async lease(): Promise<boolean> {
    return true
  }

  async append(
    expectedSequence: number,
    draft: Draft,
    { isNew = false, after }: AppendOptions = {},
  ): Promise<Appended> {
    const { operation } = draft
    const earlier = isNew ? undefined : (this.#queue.get(operation)?.written.promise ?? this.#find(operation))
    if (this.#end) throw this.#end
    if (earlier) return { entry: await earlier, repeated: true }
    const isThere = after === undefined || isMadeOf(this.#newest, after)
    if (expectedSequence !== this.#tail.sequence || !isThere) throw conflict(expectedSequence, this.#tail)
    return { entry: await this.#enqueue(draft), repeated: false }
  }

  async find(operation: string): Promise<Entry | undefined> {
    return this.#find(operation)
  }

  async look(operation: string): Promise<Look> {
    return { entry: this.#find(operation), refusal: '' }
  }

  /** Nothing can be on its way from elsewhere: this is the one writer. */
  async refuse(operation: string): Promise<Entry | undefined> {
    return this.#find(operation)
  }

  async *read(from: number): AsyncGenerator<Entry, void, void> {
    let last = this.#before(from)
    // As far as it goes now: who writes all the time would keep it from ever ending.
    const end = this.#head.sequence
    while (last.sequence < end) {
      for (const entry of this.#entriesAfter(last)) {
        if (entry.sequence > end) return
        yield entry
        last = entry
      }
      await othersFirst()
    }
  }

  async *follow(from: number, signal: AbortSignal): AsyncGenerator<Entry, void, void> {
    let last = this.#before(from)
    while (await this.#goesBeyond(last, signal)) {
      for (const entry of this.#entriesAfter(last)) {
        yield entry
        if (signal.aborted) return
        last = entry
      }
      if (last.sequence < this.#head.sequence) await othersFirst()
    }
  }

  async snapshots(): Promise<readonly Snapshot[]> {
    return this.#attempt(() => this.#store.snapshots())
  }

  keepSnapshot(snapshot: Snapshot): Promise<void> {
    return this.#alone(async () => {
      this.#attempt(() => this.#checkFits(snapshot))
      const steps = this.#store.keep(snapshot)
      while (!this.#attempt(() => steps.next()).done) {
        this.#attempt(() => this.#store.checkpoint())
        await othersFirst()
      }
    })
  }

  async base(): Promise<Head> {
    return this.#attempt(() => this.#store.base)
  }

  compact(sequence: number): Promise<Head> {
    return this.#alone(async () => {
      const limit = Math.min(sequence, this.#attempt(() => this.#store.snapshotSequences()).at(-1) ?? 0)
      while (this.#attempt(() => this.#store.base.sequence) < limit) {
        const next = Math.min(limit, this.#store.base.sequence + DROP_LIMIT)
        this.#attempt(() => this.#store.drop(this.#before(next + 1)))
        this.#attempt(() => this.#store.checkpoint())
        await othersFirst()
      }
      return this.#store.base
    })
  }

  async beginAt(base: Head): Promise<void> {
    this.#attempt(() => {
      if (this.#tail.sequence > 0) throw conflict(0, this.#tail)
      this.#store.drop(base)
    })
    this.#head = headOf(base)
    this.#tail = this.#head
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed()) return
    if (this.#queue.size > 0) this.#commit()
    this.#stop(new WeftError('unavailable', 'The log is closed.'))
    using _lock = this.#lock
    using _store = this.#store
  }

  #enqueue(draft: Draft): Promise<Entry> {
    const row = link(this.#tail, draft)
    const written = Promise.withResolvers<Entry>()
    const entry = entryOf(draft, row)
    this.#queue.set(row.operation, { row, entry, written })
    this.#tail = headOf(row)
    this.#newest = entry
    if (this.#queue.size >= GROUP_LIMIT) this.#commit()
    else if (!this.#commitment) this.#commitSoon(performance.now())
    return written.promise
  }

  /** Waits while each turn of the event loop brings more: a caller who is alone has no need to wait for others. */
  #commitSoon(since: number): void {
    const { size } = this.#queue
    this.#commitment = setImmediate(() => {
      const goesOn = this.#queue.size > size && performance.now() - since < GROUP_WAIT
      if (goesOn) this.#commitSoon(since)
      else this.#commit()
    })
  }

  /** Writes all that is queued with one fsync, and answers it. When that fails, it fails for all of them. */
  #commit(): void {
    clearImmediate(this.#commitment)
    this.#commitment = undefined
    const group = [...this.#queue.values()]
    this.#queue.clear()
    try {
      this.#attempt(() => this.#write(group))
    } catch (error) {
      this.#tail = this.#head
      this.#newest = this.#recent.last
      for (const { written } of group) written.reject(error)
    }
  }

  #write(group: readonly Queued[]): void {
    this.#store.insert(group.map(({ row }) => row))
    failpoint('log-before-answer')
    this.#head = this.#tail
    this.#recent.add(group.map(({ entry }) => entry))
    for (const { entry, written } of group) written.resolve(entry)
    this.#news.ring()
    this.#store.checkpoint()
  }

  #find(operation: string): Entry | undefined {
    return this.#attempt(() => {
      const row = this.#store.find(operation)
      return row && checkLink(this.#before(row.sequence), row)
    })
  }

  /** Where the log stands before entry `from`. */
  #before(from: number): Head {
    return this.#attempt(() => {
      if (from <= this.#store.base.sequence) throw dropped(this.#store.base)
      const head = this.#store.at(from - 1)
      if (head) return head
      throw from <= this.#head.sequence ? damaged(from - 1, 'is missing') : conflict(from - 1, this.#head)
    })
  }

  #entriesAfter(last: Head): readonly Entry[] {
    return this.#attempt(() => {
      if (last.sequence < this.#store.base.sequence) throw dropped(this.#store.base)
      const recent = this.#recent.after(last.sequence, READ_LIMIT)
      if (recent.length > 0) return recent
      const rows = this.#store.after(last.sequence, READ_LIMIT)
      if (rows.length === 0) throw damaged(last.sequence + 1, 'is missing')
      return rows.map((row, index) => checkLink(rows[index - 1] ?? last, row))
    })
  }

  /** Waits for an entry behind `last`, or a failure, which is met when that is read. False when nothing will come. */
  async #goesBeyond(last: Head, signal: AbortSignal): Promise<boolean> {
    while (last.sequence >= this.#head.sequence && !signal.aborted && !this.#end) {
      await this.#news.wait(signal)
    }
    return !signal.aborted && !this.#isClosed()
  }

  #checkFits({ sequence, hash }: Snapshot): void {
    const newest = this.#store.snapshotSequences()[0] ?? 0
    if (sequence <= newest) throw refusedSnapshot(sequence, `one of entry ${newest} is kept`)
    const durable = sequence <= this.#head.sequence && this.#store.at(sequence)
    if (!durable || durable.hash !== hash) throw refusedSnapshot(sequence, 'the chain does not go through it')
  }

  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#upkeep.then(work)
    this.#upkeep = mine.catch(() => undefined)
    return mine
  }

  /** Nothing is tried again on a store that once failed for good: what it says from then on means nothing. */
  #attempt<Result>(action: () => Result): Result {
    if (this.#end) throw this.#end
    try {
      return action()
    } catch (cause) {
      const error = toWeftError(cause)
      if (error.code === 'log-damaged' || error.code === 'internal') this.#fail(error)
      throw error
    }
  }

  #fail(error: WeftError): void {
    this.#stop(error)
    this.#failure.resolve(error)
  }

  #stop(end: WeftError): void {
    this.#end = end
    clearImmediate(this.#commitment)
    for (const { written } of this.#queue.values()) written.reject(end)
    this.#queue.clear()
    this.#news.ring()
  }

  #isClosed(): boolean {
    return this.#end?.code === 'unavailable'
  }
}

function conflict(expected: number, { sequence }: Head): WeftError {
  return new WeftError('conflict', `The log is at entry ${sequence}, not at ${expected}.`, {
    advice: 'Decide again on the state as it is now.',
  })
}

function dropped({ sequence }: Head): WeftError {
  return new WeftError('not-found', `The entries of the log up to ${sequence} were dropped.`, {
    advice: 'Begin with a snapshot.',
  })
}

function refusedSnapshot(sequence: number, why: string): WeftError {
  return new WeftError('conflict', `A snapshot of entry ${sequence} does not fit the log: ${why}.`)
}
