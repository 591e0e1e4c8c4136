import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { diskFault } from './disk-fault.ts'
import { Retry } from './retry.ts'

export interface PledgeTools {
  readonly clock: Pick<Clock, 'after'>
  readonly log: Logger
  /** Why it is not kept is something else now; undefined: it is kept. */
  readonly onFault: (fault: string | undefined) => void
}

/** Named to the operator: without this one file the next start knows no controller, whatever else is kept. */
const FILE = 'controller.json'

/**
 * Keeps which controller this node has joined. That is written once in the life of a node, and sessions last for months: if
 * the disk does not take it then, it is tried again, later and later, whether or not there is a session.
 */
export class Pledge implements AsyncDisposable {
  readonly #write: () => Promise<void>
  readonly #tools: PledgeTools
  readonly #retry: Retry
  #work: Promise<void> = Promise.resolve()
  #fault: string | undefined
  #ended = false

  constructor(write: () => Promise<void>, tools: PledgeTools) {
    this.#write = write
    this.#tools = tools
    this.#retry = new Retry(tools.clock, () => void this.keep())
  }

  /** Writes it: at once, or later. Resolves after the first try. */
  keep(): Promise<void> {
    this.#work = this.#work.then(() => (this.#ended ? undefined : this.#try()))
    return this.#work
  }

  /** Begins to write nothing any more. Resolves when nothing is being written. */
  end(): Promise<void> {
    this.#ended = true
    this.#retry.over()
    return this.#work
  }

  /** The run ends: what is not kept by now is tried once more, for there may be space since. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#fault !== undefined) await this.keep()
    await this.end()
  }

  async #try(): Promise<void> {
    try {
      await this.#write()
      this.#retry.over()
      this.#set(undefined)
    } catch (error) {
      if (!this.#ended) this.#retry.failed()
      this.#set(`${diskFault(error)} (${FILE})`)
    }
  }

  /** Told once and not at each try: the log may be on the same disk. */
  #set(fault: string | undefined): void {
    if (fault === this.#fault) return
    this.#fault = fault
    const { log, onFault } = this.#tools
    if (fault === undefined) log.info('the disk has taken which controller this node has joined')
    else
      log.error(
        { reason: fault },
        'the disk does not take which controller this node has joined: until it does, which is tried, a start needs a token',
      )
    onFault(fault)
  }
}
