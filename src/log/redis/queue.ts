import type { WeftError } from '../../errors.ts'
import { entryOf, headOf, link } from '../chain.ts'
import type { Appended, Draft, Entry, Head } from '../log.ts'
import type { Change } from './link.ts'

/** Changes that share one round trip and one wait for disks and replicas, at most. */
const GROUP_LIMIT = 512

/** An append on its way to the server. */
export interface Queued extends Change {
  readonly before: Head
  readonly entry: Entry
  readonly answer: PromiseWithResolvers<Appended>
}

/** The changes that wait to be sent, each standing on the one before. While some are under way the next ones gather. */
export class Queue {
  #waiting: Queued[] = []
  #sent: readonly Queued[] = []
  readonly #byOperation = new Map<string, Queued>()

  get isUnderWay(): boolean {
    return this.#sent.length > 0
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Sequence of the last change that is under way; 0 when there is none. */
  get sentUpTo(): number {
    return this.#sent.at(-1)?.row.sequence ?? 0
  }

  /** The last change that is on its way; undefined when there is none. */
  get last(): Entry | undefined {
    return (this.#waiting.at(-1) ?? this.#sent.at(-1))?.entry
  }

  /** Where the log stands with it. */
  get tail(): Head | undefined {
    return this.last && headOf(this.last)
  }

  find(operation: string): Promise<Appended> | undefined {
    return this.#byOperation.get(operation)?.answer.promise
  }

  add(before: Head, draft: Draft, refusal: string): Promise<Appended> {
    const row = link(before, draft)
    const queued: Queued = {
      ...{ before, row, refusal, entry: entryOf(draft, row) },
      answer: Promise.withResolvers(),
    }
    this.#waiting.push(queued)
    this.#byOperation.set(draft.operation, queued)
    return queued.answer.promise
  }

  /** Takes the next group; it is under way until `settled`. */
  take(): readonly Queued[] {
    this.#sent = this.#waiting.slice(0, GROUP_LIMIT)
    this.#waiting = this.#waiting.slice(GROUP_LIMIT)
    return this.#sent
  }

  /** The group under way has been answered. */
  settled(): void {
    for (const { row } of this.#sent) this.#byOperation.delete(row.operation)
    this.#sent = []
  }

  /** Whether an entry with this hash is what is expected to become of the change with its sequence, if there is one. */
  agreesWith({ sequence, hash }: Head): boolean {
    const one = [...this.#sent, ...this.#waiting].find(({ row }) => row.sequence === sequence)
    return one === undefined || one.row.hash === hash
  }

  /** Answers all that wait, and are not under way, with an error. */
  rejectWaiting(error: WeftError): void {
    for (const { row, answer } of this.#waiting) {
      this.#byOperation.delete(row.operation)
      answer.reject(error)
    }
    this.#waiting = []
  }
}
