import { WeftError } from '../../../src/errors.ts'
import { Bell } from '../../../src/log/bell.ts'
import { checkLink, EMPTY, headOf, isMadeOf, link, type Row } from '../../../src/log/chain.ts'
import type {
  Appended,
  AppendOptions,
  Draft,
  Entry,
  Head,
  Log,
  Look,
  Snapshot,
} from '../../../src/log/log.ts'
import type { VirtualTime } from './time.ts'
import type { Wire } from './wire.ts'

interface Committed {
  readonly row: Row
  readonly repeated: boolean
}

/** A log server in memory, by the rules that every engine keeps: compares, does an operation once, and chains. */
export class SimServer {
  readonly rows: Row[] = []
  readonly #byOperation = new Map<string, Row>()
  readonly #refusals = new Map<string, number>()
  /** Breaks a rule, to see whether a test would notice. */
  readonly flaw: 'forgets-operations' | 'does-not-compare' | undefined

  constructor(flaw?: SimServer['flaw']) {
    this.flaw = flaw
  }

  get head(): Head {
    return headOf(this.rows.at(-1) ?? EMPTY)
  }

  /** Undefined: somebody was faster. */
  commit(expected: Head, draft: Draft, refusal: string): Committed | 'refused' | undefined {
    const known = this.flaw === 'forgets-operations' ? undefined : this.#byOperation.get(draft.operation)
    if (known) return { row: known, repeated: true }
    if (this.find(draft.operation).refusal !== refusal) return 'refused'
    const isNext = expected.hash === this.head.hash || this.flaw === 'does-not-compare'
    if (!isNext && this.flaw !== 'forgets-operations') return undefined
    const row = link(this.head, draft)
    this.rows.push(row)
    this.#byOperation.set(draft.operation, row)
    return { row, repeated: false }
  }

  find(operation: string): { readonly row: Row | undefined; readonly refusal: string } {
    const refusals = this.#refusals.get(operation) ?? ''
    return { row: this.#byOperation.get(operation), refusal: String(refusals) }
  }

  refuse(operation: string): Row | undefined {
    const { row, refusal } = this.find(operation)
    if (!row) this.#refusals.set(operation, Number(refusal) + 1)
    return row
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
  readonly refusal = undefined
  readonly #tools: Tools
  readonly #entries: Entry[] = []
  readonly #news = new Bell()
  readonly #closing = new AbortController()
  #turn: Promise<unknown> = Promise.resolve()
  /** What has come, or is on its way, from here. */
  #tail: Head = EMPTY
  /** The draft that the tail is made of, if it is on its way from here. */
  #last: Draft | undefined

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

  append(expected: number, draft: Draft, { after, refusal = '' }: AppendOptions = {}): Promise<Appended> {
    const last = this.#tail.sequence > this.head().sequence ? this.#last : this.#entries.at(-1)
    const isThere = after === undefined || isMadeOf(last, after)
    if (expected !== this.#tail.sequence || !isThere) return this.#overtaken(expected)
    const before = this.#tail
    this.#last = draft
    this.#tail = headOf(link(before, draft))
    const work = this.#turn.then(() => this.#commit(before, draft, refusal))
    this.#turn = work.catch(() => undefined)
    return work
  }

  async find(operation: string): Promise<Entry | undefined> {
    return (await this.look(operation)).entry
  }

  async look(operation: string): Promise<Look> {
    const { row, refusal } = await this.#ask(() => this.#tools.server.find(operation))
    // Calls of the dead go on as if only the caller had given up. One that looks after its operation was refused would be taken
    // for one that asks again, and what was refused done: as nobody has asked again, it ends here, as it really does.
    if (refusal !== '' && this.#closing.signal.aborted) throw unsure()
    return { entry: await this.#entryOf(row), refusal }
  }

  async refuse(operation: string): Promise<Entry | undefined> {
    return this.#entryOf(await this.#ask(() => this.#tools.server.refuse(operation)))
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

  async #entryOf(row: Row | undefined): Promise<Entry | undefined> {
    if (!row) return undefined
    await this.refresh()
    return this.#entries[row.sequence - 1]
  }

  async #commit(before: Head, draft: Draft, refusal: string): Promise<Appended> {
    const { server } = this.#tools
    if (this.head().sequence > before.sequence) return this.#overtaken(before.sequence)
    const answer = await this.#ask(() => ({ made: server.commit(before, draft, refusal) })).catch((error) => {
      this.#tail = this.head()
      throw error
    })
    if (answer.made === 'refused') throw unsure()
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
