import { toWeftError, WeftError } from '../../errors.ts'
import { Bell } from '../bell.ts'
import { EMPTY, headOf } from '../chain.ts'
import type { Appended, AppendOptions, Draft, Entry, Head, Log, Look, Snapshot } from '../log.ts'
import { parseSite } from './address.ts'
import { conflict, notWhole, refused } from './errors.ts'
import type { Lost } from './fence.ts'
import { Journal } from './journal.ts'
import { type Keys, keysOf } from './keys.ts'
import type { Link } from './link.ts'
import type { RedisLogOptions } from './options.ts'
import { Reader } from './reader.ts'
import { Recall } from './recall.ts'
import { BEGIN } from './scripts/import.ts'
import { LEASE } from './scripts/lease.ts'
import { shared } from './shared.ts'
import { compact, keepSnapshot, readSnapshots } from './snapshots.ts'
import type { ServerStatus } from './status.ts'
import { Supervisor } from './supervisor.ts'
import { Writer } from './writer.ts'

/** Milliseconds for the first link at the start. */
const OPEN_LIMIT = 10_000

/**
 * The log of a fleet: one stream on Redis, any number of controllers that write to it. Rejects with `store-unavailable`
 * when no server is found in time, `invalid-config` when the servers are set up so that the level's promise cannot be
 * kept, `log-damaged` when the log there is behind what is known here.
 */
export async function openRedisLog(options: RedisLogOptions): Promise<RedisLog> {
  const log = new RedisLog(options)
  try {
    await log.opened
    return log
  } catch (cause) {
    await log[Symbol.asyncDispose]()
    throw cause
  }
}

export class RedisLog implements Log {
  readonly #failure = Promise.withResolvers<WeftError>()
  readonly failed = this.#failure.promise
  readonly #opening = Promise.withResolvers<void>()
  /** Resolves once the log can be used. */
  readonly opened = this.#opening.promise
  readonly keys: Keys
  readonly #options: RedisLogOptions
  readonly #journal: Journal
  readonly #supervisor: Supervisor
  readonly #reader: Reader
  readonly #writer: Writer
  readonly #recall: Recall
  /** Rings at new entries, at answers, at a new link, and at the end. */
  readonly #news = new Bell()
  readonly #closing = new AbortController()
  #isOpen = false
  #end: WeftError | undefined

  constructor(options: RedisLogOptions) {
    this.#options = options
    this.keys = options.keys ?? keysOf(options.realm)
    const journal = new Journal(options.journal, options.realm)
    this.#journal = journal
    const [link, news] = [() => this.link, this.#news]
    const onRow: Writer['onRow'] = (row) => this.#writer.onRow(row)
    this.#reader = new Reader({
      journal,
      link,
      settle: (made) => this.#asked(made.settle()),
      onRow,
      news,
    })
    this.#recall = new Recall(link, this.#reader)
    this.#supervisor = new Supervisor({
      ...options,
      site: parseSite(options.urls),
      keys: this.keys,
      journal,
      onLink: (made, unwitnessed) => this.#onLink(made, unwitnessed),
      onAccept: (made) => options.tell?.({ kind: 'accepting', server: made.name }),
      onLoss: (lost) => this.#onLoss(lost),
      onStatus: (status) => this.#onStatus(status),
      onRefusal: (reason) => this.#onRefusal(reason),
    })
    this.#writer = new Writer({
      journal,
      reader: this.#reader,
      news,
      writable: () => this.#writable(),
      refuse: (made, reason) => this.#supervisor.refuse(made, reason),
      distrust: (made, reason) => this.#supervisor.distrust(made, reason),
    })
    this.#supervisor.start()
    const limit = setTimeout(() => this.#opening.reject(this.#refusal()), OPEN_LIMIT)
    this.opened.catch(() => undefined).finally(() => clearTimeout(limit))
  }

  head(): Head {
    return this.#journal.head
  }

  get refusal(): WeftError | undefined {
    return this.#end ?? this.#supervisor.refusal
  }

  async append(
    expectedSequence: number,
    draft: Draft,
    { isNew = false, after, refusal = '' }: AppendOptions = {},
  ): Promise<Appended> {
    if (this.#end) throw this.#end
    const { operation } = draft
    // Whether it was done has to be known before others stand on it: a repeated operation takes no place.
    const isKnown =
      isNew ||
      (this.#writer.find(operation) ?? this.#journal.find(operation) ?? this.#recall.wasAsked(operation))
    const { entry } = isKnown ? {} : await this.#recalled(this.#recall.ask(operation))
    return entry
      ? { entry, repeated: true }
      : this.#writer.append(expectedSequence, draft, { after, refusal })
  }

  async find(operation: string): Promise<Entry | undefined> {
    if (this.#end) throw this.#end
    return (await this.#recalled(this.#recall.look(operation))).entry
  }

  async look(operation: string): Promise<Look> {
    if (this.#end) throw this.#end
    return this.#recalled(this.#recall.look(operation))
  }

  async refuse(operation: string): Promise<Entry | undefined> {
    if (this.#end) throw this.#end
    const sequence = await this.#asked(this.link.refuse(operation))
    return sequence === undefined ? undefined : this.#asked(this.#reader.entry(sequence))
  }

  async *read(from: number): AsyncGenerator<Entry, void, void> {
    if (this.#end) throw this.#end
    try {
      yield* this.#reader.read(from)
    } catch (error) {
      throw this.#toCaller(toWeftError(error))
    }
  }

  /** A server that is away for a while ends nothing: what comes comes later. */
  async *follow(from: number, signal: AbortSignal): AsyncGenerator<Entry, void, void> {
    yield* this.#reader.follow(from, AbortSignal.any([signal, this.#closing.signal]))
  }

  async refresh(): Promise<Head> {
    if (this.#end) throw this.#end
    await this.#catchUp()
    return this.head()
  }

  /** Takes or keeps a duty for `life` ms. It spares work that is done twice; correctness never hangs on it. */
  async lease(duty: string, life: number): Promise<boolean> {
    const [answer] = await this.link.run(LEASE, [duty, this.#options.writer, String(life)])
    return answer === 'done'
  }

  async snapshots(): Promise<readonly Snapshot[]> {
    return this.#asked(readSnapshots(this.link, this.keys))
  }

  async keepSnapshot(snapshot: Snapshot): Promise<void> {
    const { sequence } = snapshot
    if (sequence < 1 || sequence > this.head().sequence) throw conflict(sequence, this.head())
    await keepSnapshot(this.link, this.keys, snapshot)
  }

  async base(): Promise<Head> {
    return (await this.#asked(this.link.status())).log?.base ?? EMPTY
  }

  async compact(sequence: number): Promise<Head> {
    const base = await compact(this.link, sequence)
    this.#reader.movedBase(base)
    return base
  }

  async beginAt(base: Head): Promise<void> {
    const [answer] = await this.link.run(BEGIN, [String(base.sequence), base.hash])
    if (answer !== 'done' && !(await this.#beginsAt(base))) throw conflict(0, this.head())
    // At once: whoever looks at the server from now on finds entries missing that nobody is to have.
    this.#journal.begin(base)
    this.#reader.movedBase(headOf(base))
    await this.link.settle()
  }

  /** Whether an earlier try has come as far as that. */
  async #beginsAt({ sequence, hash }: Head): Promise<boolean> {
    const { log } = await this.link.status()
    return [log?.base, log?.head].every((one) => one?.sequence === sequence && one.hash === hash)
  }

  /** The link to the server as it is now, for what is not in the log. Throws `store-unavailable` when there is none. */
  get link(): Link {
    const { link } = this.#supervisor
    if (link) return link
    throw this.#refusal()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#end = new WeftError('unavailable', 'The log is closed.')
    this.#opening.reject(this.#end)
    while (this.#recall.isBusy || this.#writer.isBusy) await this.#news.wait(AbortSignal.timeout(50))
    await this.#writer.confirm().catch(() => undefined)
    await this.#supervisor.close()
    await this.#journal[Symbol.asyncDispose]()
    this.#news.ring()
  }

  /** All who ask while one is under way share the next one: a round trip and a wait for the replicas, for many. */
  readonly #catchUp = shared(async () => {
    const { link } = this
    await this.#asked(Promise.all([link.prove(), this.#reader.refresh()]))
    // The one was proven and the other read.
    if (link !== this.#supervisor.link) throw refused('The Redis server is another one now.')
  })

  #writable(): Link {
    if (this.#supervisor.refusal) throw this.#refusal()
    return this.link
  }

  async #onLink(link: Link, unwitnessed: boolean): Promise<void> {
    if (!this.#isOpen) this.#journal.begin(await this.#reader.durableEnd(link))
    await link.onBell((sequence) => this.#onBell(sequence))
    await this.#reader.refresh().catch(passing)
    this.#isOpen = true
    this.#news.ring()
    if (unwitnessed) this.#options.tell?.({ kind: 'unwitnessed', server: link.name })
  }

  /** What cannot be mended by waiting is said at once when it is the start; later it is only told. */
  #onRefusal(reason: WeftError): void {
    this.#writer.reject(this.#toCaller(reason))
    this.#options.tell?.({ kind: 'refusing', reason })
    const isLivedWith = reason.code === 'log-damaged' && this.#options.level === 'available'
    if (reason.code !== 'store-unavailable' && !isLivedWith) this.#opening.reject(reason)
  }

  /** A run that has seen the lost entries ends; the next one begins without them. */
  #onLoss({ reason, rows }: Lost): void {
    const entries = rows.map(({ sequence, operation }) => ({ sequence, operation }))
    this.#options.tell?.({ kind: 'lost', reason, entries })
    this.#journal.giveUp()
    if (this.#isOpen) this.#fail(reason)
  }

  #onStatus(status: ServerStatus): void {
    this.#opening.resolve()
    if (this.#isAnother(status)) return this.#distrust(notWhole('its last entry is another'))
    if (this.#reader.notice(status)) this.#lookAgain()
  }

  /** Whether the server names another entry where ours is, which nobody may take back. */
  #isAnother({ log }: ServerStatus): boolean {
    const { sequence, hash } = this.#journal.head
    return log?.head.sequence === sequence && log.head.hash !== hash
  }

  /** What is harmed shows first where it is asked for; nobody is to take the log for ready then. */
  async #recalled<Found>(asking: Promise<Found>): Promise<Found> {
    try {
      return await asking
    } catch (error) {
      const reason = toWeftError(error)
      // A right that was taken away is named by the next link, which is not to be had without it.
      if (reason.code === 'log-damaged' || reason.code === 'invalid-config') this.#distrust(reason)
      throw this.#toCaller(reason)
    }
  }

  #distrust(reason: WeftError): void {
    const { link } = this.#supervisor
    if (link) this.#supervisor.distrust(link, reason)
  }

  /** Of what this controller has sent itself it hears by the answer, a moment later. */
  #onBell(sequence: number): void {
    if (sequence > this.head().sequence && !this.#writer.expects(sequence)) this.#lookAgain()
  }

  #lookAgain(): void {
    this.#reader.refresh().catch((error: unknown) => {
      const reason = toWeftError(error)
      if (reason.code === 'log-damaged' || reason.code === 'internal') this.#fail(reason)
    })
  }

  #refusal(): WeftError {
    const reason = this.#end ?? this.#supervisor.refusal ?? refused('There is no connection to Redis.')
    return this.#toCaller(reason)
  }

  /** Who asks cannot mend how the servers are set up, but may ask again when somebody did. */
  #toCaller(reason: WeftError): WeftError {
    return reason.code === 'invalid-config' && this.#isOpen ? refused(reason.message, reason) : reason
  }

  async #asked<Answer>(asking: Promise<Answer>): Promise<Answer> {
    try {
      return await asking
    } catch (error) {
      throw this.#toCaller(toWeftError(error))
    }
  }

  #fail(error: WeftError): void {
    this.#end = error
    this.#writer.reject(error)
    this.#failure.resolve(error)
    this.#news.ring()
  }
}

/** Lets pass what passes. */
function passing(error: unknown): void {
  if (toWeftError(error).code !== 'store-unavailable') throw error
}
