import { WeftError } from '../../../src/errors.ts'
import { Bell } from '../../../src/log/bell.ts'
import { checkLink, EMPTY, headOf, link, type Row } from '../../../src/log/chain.ts'
import type { Appended, Draft, Entry, Head, Log, Snapshot } from '../../../src/log/log.ts'
import type { VirtualTime } from './time.ts'
import type { Wire } from './wire.ts'

/** A log server in memory, by the rules that every engine keeps: compares, does an operation once, and chains. */
export class SimServer {
  readonly rows: Row[] = []
  readonly #byOperation = new Map<string, Row>()
  /** Breaks a rule, to see whether a test would notice. */
  readonly flaw: 'forgets-operations' | 'does-not-compare' | undefined

  constructor(flaw?: SimServer['flaw']) {
    this.flaw = flaw
  }

  get head(): Head {
    return headOf(this.rows.at(-1) ?? EMPTY)
  }

  /** Undefined: somebody was faster. */
  commit(expected: Head, draft: Draft): { readonly row: Row; readonly repeated: boolean } | undefined {
    const known = this.flaw === 'forgets-operations' ? undefined : this.#byOperation.get(draft.operation)
    if (known) return { row: known, repeated: true }
    const isNext = expected.hash === this.head.hash || this.flaw === 'does-not-compare'
    if (!isNext && this.flaw !== 'forgets-operations') return undefined
    const row = link(this.head, draft)
    this.rows.push(row)
    this.#byOperation.set(draft.operation, row)
    return { row, repeated: false }
  }

  find(operation: string): Row | undefined {
    return this.#byOperation.get(operation)
  }
}

/** Milliseconds for an answer; between two looks. */
const ANSWER_LIMIT = 200
const LOOK_INTERVAL = 300

interface Tools {
  readonly server: SimServer
  readonly wire: Wire
  readonly time: VirtualTime
}

/** One replica's end of it: a real `Log`, whose server is behind a network. One append at a time is under way. */
export class SimLog implements Log {
  readonly failed = new Promise<WeftError>(() => undefined)
  readonly #tools: Tools
  readonly #entries: Entry[] = []
  readonly #news = new Bell()
  readonly #closing = new AbortController()
  #turn: Promise<unknown> = Promise.resolve()
  /** What has come, or is on its way, from here. */
  #tail: Head = EMPTY

  constructor(tools: Tools) {
    this.#tools = tools
    this.#look()
  }

  head(): Head {
    return headOf(this.#entries.at(-1) ?? EMPTY)
  }

  async refresh(): Promise<Head> {
    const { server } = this.#tools
    // A copy of what was there when it was asked.
    for (const row of await this.#ask(() => server.rows.slice(this.#entries.length))) this.#take(row)
    return this.head()
  }

  append(expected: number, draft: Draft): Promise<Appended> {
    if (expected !== this.#tail.sequence) return this.#overtaken(expected)
    const before = this.#tail
    this.#tail = headOf(link(before, draft))
    const work = this.#turn.then(() => this.#commit(before, draft))
    this.#turn = work.catch(() => undefined)
    return work
  }

  async find(operation: string): Promise<Entry | undefined> {
    const row = await this.#ask(() => this.#tools.server.find(operation))
    if (!row) return undefined
    await this.refresh()
    return this.#entries[row.sequence - 1]
  }

  async *read(from: number): AsyncGenerator<Entry, void, void> {
    yield* this.#entries.slice(from - 1)
  }

  async *follow(from: number, signal: AbortSignal): AsyncGenerator<Entry, void, void> {
    const over = AbortSignal.any([signal, this.#closing.signal])
    for (let next = from - 1; !over.aborted; ) {
      const entry = this.#entries[next]
      if (entry) {
        next++
        yield entry
      } else await this.#news.wait(over)
    }
  }

  lease = async () => true
  snapshots = async (): Promise<Snapshot[]> => []
  keepSnapshot = async () => undefined
  base = async () => EMPTY
  compact = async () => EMPTY
  beginAt = async () => undefined

  /** As by SIGKILL: what is on its way arrives all the same. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
  }

  async #commit(before: Head, draft: Draft): Promise<Appended> {
    const { server } = this.#tools
    if (this.head().sequence > before.sequence) return this.#overtaken(before.sequence)
    const answer = await this.#ask(() => ({ made: server.commit(before, draft) })).catch((error) => {
      this.#tail = this.head()
      throw error
    })
    if (!answer.made) return this.#overtaken(before.sequence)
    const { row, repeated } = answer.made
    if (repeated) await this.refresh()
    else this.#take(row)
    const entry = this.#entries[row.sequence - 1]
    if (entry?.hash === row.hash) return { entry, repeated }
    throw unsure()
  }

  async #overtaken(expected: number): Promise<never> {
    await this.refresh()
    this.#tail = this.head()
    throw new WeftError('conflict', `The log is not at ${expected}.`)
  }

  #take(row: Row): void {
    if (row.sequence !== this.#entries.length + 1) return
    this.#entries.push(checkLink(this.head(), row))
    if (this.#tail.sequence < row.sequence) this.#tail = headOf(row)
    this.#news.ring()
  }

  /** Lets the server do something, and brings what it said; each of the two may get lost, or come twice. */
  #ask<Result>(action: () => Result): Promise<Result> {
    const { wire, time } = this.#tools
    return new Promise((resolve, reject) => {
      time.after(ANSWER_LIMIT, () => reject(unsure()))
      wire.send(() => {
        const result = action()
        wire.send(() => resolve(result))
      })
    })
  }

  async #look(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#tools.time.sleep(LOOK_INTERVAL)
      await this.refresh().catch(() => undefined)
    }
  }
}

function unsure(): WeftError {
  return new WeftError('store-unavailable', 'Whether the change was made is not known.')
}
