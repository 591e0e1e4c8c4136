import { setTimeout as pause } from 'node:timers/promises'
import { toWeftError } from '../errors.ts'

/** What a controller answers, or does not, that is stopped, started anew, or overrun. */
const AWAY: ReadonlySet<string> = new Set(['unavailable', 'overloaded', 'too-many-requests', 'timed-out'])
/** Milliseconds between two tries. */
const AGAIN = 1_000

/** What goes on until Ctrl-C outlives a controller that is away for a while, and says once that it is. */
export class Absence {
  #isTold = false

  /** The controller is there. @returns whether it was away */
  end(): boolean {
    const wasAway = this.#isTold
    this.#isTold = false
    return wasAway
  }

  /** Notes that it is not, because of `error`. Throws what no waiting helps against. */
  begin(error: unknown): void {
    if (!AWAY.has(toWeftError(error).code)) throw error
    if (!this.#isTold) process.stderr.write('The controller does not answer; it is asked again.\n')
    this.#isTold = true
  }

  /** Resolves when it may be asked again, or `stop` is aborted. */
  async wait(stop: AbortSignal): Promise<void> {
    await pause(AGAIN, undefined, { signal: stop }).catch(() => undefined)
  }
}
