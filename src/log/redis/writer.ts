import { toWeftError, WeftError } from '../../errors.ts'
import type { Bell } from '../bell.ts'
import { isMadeOf, type Row } from '../chain.ts'
import type { Appended, Draft, Head } from '../log.ts'
import type { Committed, Unmade } from './committed.ts'
import { conflict, refused, unknown } from './errors.ts'
import type { Journal } from './journal.ts'
import type { Link } from './link.ts'
import { Queue, type Queued } from './queue.ts'
import type { Reader } from './reader.ts'
import { TURN_LIFE } from './scripts/change.ts'

export interface WriterTools {
  readonly journal: Journal
  readonly reader: Reader
  /** Throws why nothing can be written at the moment. */
  readonly writable: () => Link
  /** Nothing can be written on this link for now. */
  readonly refuse: (link: Link, reason: WeftError) => void
  /** It is not known how this link stands. */
  readonly distrust: (link: Link, reason: WeftError) => void
  /** Rings when something is answered or new. */
  readonly news: Bell
}

/** On what a change was decided. */
interface Standing {
  /** Another change that was on its way. */
  readonly after: Draft | undefined
  /** The last refusal of its operation. */
  readonly refusal: string
}

/** Milliseconds after which it is said by itself, and not along with the next change, how far everything is durable. */
const CONFIRM_WAIT = 20

/** Brings changes to the server: many at once, one group after the other, each answered when it is where it has to be. */
export class Writer {
  readonly #tools: WriterTools
  readonly #queue = new Queue()
  #confirming: NodeJS.Timeout | undefined

  constructor(tools: WriterTools) {
    this.#tools = tools
  }

  /** The answer to an operation that is on its way. */
  find(operation: string): Promise<Appended> | undefined {
    return this.#queue.find(operation)
  }

  /** Whether there are changes that can still be answered. */
  get isBusy(): boolean {
    return this.#queue.isUnderWay || this.#queue.hasWaiting
  }

  /** Whether entries up to `sequence` may be those that are under way: then their answer says what became of them. */
  expects(sequence: number): boolean {
    return sequence <= this.#queue.sentUpTo
  }

  /** Appends a change of which it is known that it was not made before this call, and when it was refused last. */
  async append(expected: number, draft: Draft, { after, refusal }: Standing): Promise<Appended> {
    const { journal, reader, writable } = this.#tools
    const underWay = this.#queue.find(draft.operation)
    if (underWay) return { entry: (await underWay).entry, repeated: true }
    const earlier = journal.find(draft.operation)
    if (earlier) return { entry: earlier, repeated: true }
    writable()
    const tail = this.#queue.tail ?? journal.head
    if (expected === tail.sequence && this.#endsWith(after, expected))
      return this.#enqueue(tail, draft, refusal)
    await reader.refresh()
    throw conflict(expected, this.#queue.tail ?? journal.head)
  }

  /** Nothing that waits can be made any more. */
  reject(error: WeftError): void {
    this.#queue.rejectWaiting(error)
  }

  /** Another's entry has come: what waits stands on something else, unless it was ours. */
  onRow(row: Row): void {
    if (!this.#queue.agreesWith(row)) this.#queue.rejectWaiting(conflict(row.sequence - 1, row))
  }

  /** Says up to where everything is durable, if that has not been said. */
  async confirm(): Promise<void> {
    if (!this.#confirming) return
    clearTimeout(this.#confirming)
    this.#confirming = undefined
    await this.#tools.writable().confirm(this.#tools.journal.head.sequence)
  }

  /** Whether the last change, of those under way too, is this one and no other with its number. */
  #endsWith(after: Draft | undefined, sequence: number): boolean {
    if (!after) return true
    const last = this.#queue.last ?? this.#tools.journal.find(after.operation)
    return last?.sequence === sequence && isMadeOf(last, after)
  }

  #enqueue(tail: Head, draft: Draft, refusal: string): Promise<Appended> {
    const answer = this.#queue.add(tail, draft, refusal)
    if (!this.#queue.isUnderWay) setImmediate(() => this.#send())
    return answer
  }

  /** Sends what waits in one go. What comes meanwhile gathers, and goes together when the answer is there. */
  async #send(): Promise<void> {
    while (this.#queue.hasWaiting && !this.#queue.isUnderWay) {
      const group = this.#queue.take()
      try {
        await this.#commit(group)
      } catch (error) {
        const reason = toWeftError(error)
        for (const { answer } of group) answer.reject(reason)
        this.#queue.rejectWaiting(reason)
      } finally {
        this.#queue.settled()
        this.#tools.news.ring()
      }
    }
  }

  async #commit(group: readonly Queued[]): Promise<void> {
    const [first] = group
    if (!first) return
    const { journal, reader, news, writable } = this.#tools
    const link = writable()
    for (;;) {
      const committed = await link.commit(first.before, group, journal.head.sequence)
      switch (committed.kind) {
        case 'done':
          return this.#made(link, group)
        case 'overtaken':
          return this.#overtaken(group, committed.known)
        case 'wait':
          await news.wait(AbortSignal.timeout(TURN_LIFE))
          await reader.refresh()
          if (journal.head.sequence !== first.before.sequence) return this.#overtaken(group, [])
          break
        default:
          return this.#notMade(link, group, committed)
      }
    }
  }

  #made(link: Link, group: readonly Queued[]): void {
    const { journal, news } = this.#tools
    for (const { row, entry, answer } of group) {
      // The reader may have been faster.
      if (row.sequence === journal.head.sequence + 1) journal.take(row, entry)
      answer.resolve({ entry, repeated: false })
    }
    news.ring()
    if (link.isAlone) return
    link.ring(journal.head.sequence)
    this.#confirming ??= setTimeout(() => this.confirm().catch(() => undefined), CONFIRM_WAIT)
  }

  async #overtaken(group: readonly Queued[], known: OvertakenBy['known']): Promise<void> {
    const { journal, reader } = this.#tools
    const failure = await reader.refresh().then(() => undefined, toWeftError)
    const error = failure ?? conflict(group[0]?.before.sequence ?? 0, journal.head)
    this.#queue.rejectWaiting(error)
    for (const [at, { row, answer }] of group.entries()) {
      const settled = known[at]
      if (settled === undefined) answer.reject(error)
      else if (typeof settled === 'string') answer.reject(refused(WHY_UNMADE[settled]))
      else
        await (failure ? Promise.reject(failure) : reader.entry(settled)).then(
          (entry) => answer.resolve({ entry, repeated: true }),
          (cause) => answer.reject(unknown(row, UNCONFIRMED, cause)),
        )
    }
  }

  #notMade(link: Link, group: readonly Queued[], told: Refused): void {
    const { kind, reason, cause } = told
    for (const { row, answer } of group) {
      answer.reject(kind === 'unknown' ? unknown(row, reason, cause) : toRefused(reason, cause))
    }
    const error = toRefused(reason, cause)
    this.#queue.rejectWaiting(error)
    // However it is set, the link is as good as before: the server has answered on it.
    if (kind !== 'unseen') this.#tools.distrust(link, error)
    else if (told.harm) this.#tools.refuse(link, told.harm)
  }
}

const WHY_UNMADE: Readonly<Record<Unmade, string>> = Object.freeze({
  refused: 'It was asked for again elsewhere, and refused.',
  late: 'It was asked for too long ago.',
})

/** Of what the server has: it may be made, and it may be gone with the server. */
const UNCONFIRMED = 'an earlier try of it is there, and nobody says whether it is safe.'

/** What will not pass is said as it is. */
function toRefused(reason: string, cause: unknown): WeftError {
  return cause instanceof WeftError && cause.code === 'log-damaged' ? cause : refused(reason, cause)
}

type OvertakenBy = Extract<Committed, { readonly kind: 'overtaken' }>
type Refused = Extract<Committed, { readonly reason: string }>
