import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { NetworkId } from '../model/names.ts'
import { diskFault } from './disk-fault.ts'
import type { Journal } from './journal.ts'
import { Retry } from './retry.ts'

export interface KeeperTools {
  readonly network: NetworkId
  readonly clock: Clock
  readonly log: Logger
  /** There is another fault, or none any more. */
  readonly onFault: () => void
  /** A part of what was applied is lost: only a snapshot in place of all that is written makes it whole. */
  readonly onGap: () => void
}

type Written = Pick<Journal, 'begin' | 'save' | 'write' | 'isWhole'>

/**
 * Writes the journal of one network, one thing at a time. A disk that takes nothing is no fault of the interface: what is
 * applied goes on, and only the writing is tried again, later and later.
 */
export class Keeper {
  readonly #journal: Written
  readonly #tools: KeeperTools
  readonly #retry: Retry
  #work: Promise<void> = Promise.resolve()
  #fault: string | undefined
  #ended = false

  constructor(journal: Written, tools: KeeperTools) {
    this.#journal = journal
    this.#tools = tools
    this.#retry = new Retry(tools.clock, () => void this.#do(() => this.#write(() => journal.write())))
  }

  /** Why what is applied is not kept; undefined while it is. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** Writes that there is such a network, before its interface is made. Resolves in any case. */
  begin(): Promise<void> {
    // What it does not take is with the plan the next time, and by that it is seen when it takes something again.
    return this.#do(() => this.#journal.begin().catch((error) => this.#set(diskFault(error))))
  }

  /** Writes what led to the plan that is applied now: at once, or later. Resolves after the first try. */
  save(): Promise<void> {
    return this.#do(() => this.#write(() => this.#journal.save()))
  }

  /** Begins to write nothing any more. Resolves when nothing is being written. */
  end(): Promise<void> {
    this.#ended = true
    this.#retry.over()
    return this.#work
  }

  #do(action: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(() => (this.#ended ? undefined : action()))
    return this.#work
  }

  async #write(write: () => Promise<void>): Promise<void> {
    try {
      await write()
      if (!this.#journal.isWhole) return this.#missing()
      this.#retry.over()
      this.#set(undefined)
    } catch (error) {
      if (!this.#ended) this.#retry.failed()
      this.#set(diskFault(error))
    }
  }

  /** Nothing went wrong this time, and yet it is not all kept. */
  #missing(): void {
    if (this.#ended) return
    this.#retry.failed()
    this.#tools.onGap()
  }

  /** Told once and not at each try: the log may be on the same disk. */
  #set(fault: string | undefined): void {
    if (fault === this.#fault) return
    this.#fault = fault
    const { network, log, onFault } = this.#tools
    if (fault === undefined)
      log.info({ network }, 'the disk takes the plan of this network again, and all of it is kept')
    else
      log.error(
        { network, reason: fault },
        'the disk does not take the plan: it is carried out all the same, and kept as soon as that can be; a start begins with what was kept before',
      )
    onFault()
  }
}
