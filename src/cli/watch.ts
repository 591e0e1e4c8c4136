import { setTimeout as pause } from 'node:timers/promises'
import { toWeftError } from '../errors.ts'
import { Absence } from './absence.ts'
import type { Client } from './client.ts'
import { CLEAR } from './output.ts'
import { stopSignal } from './signals.ts'

/** Milliseconds between two looks: not all that is shown stands in the log, for instance who is connected. */
const LOOK = 5_000
/** Changes come in swarms; so long they are waited for. */
const CALM = 200
/** Before the stream of events is asked for again. */
const AGAIN = 5_000

/**
 * Writes what `look` gives, and again whenever that is another, until a signal to stop. It looks when the controller tells of a
 * change, and every few seconds. A controller that is away for a while is waited for.
 */
export async function watch(client: Client, look: () => Promise<string>): Promise<void> {
  const stop = stopSignal()
  const bell = new Bell()
  ringAtChanges(client, bell, stop)
  const absence = new Absence()
  let last: string | undefined
  while (!stop.aborted) {
    try {
      const text = await look()
      if (absence.end() || text !== last) write(text, last === undefined)
      last = text
    } catch (error) {
      if (last === undefined) throw error
      absence.begin(error)
    }
    await bell.wait(LOOK, stop)
  }
}

function write(text: string, isFirst: boolean): void {
  if (process.stdout.isTTY) process.stdout.write(`${CLEAR}${text}`)
  else process.stdout.write(isFirst || text.startsWith('{') ? text : `\n${text}`)
}

/** Who may not hear of changes sees them at the next look. */
async function ringAtChanges(client: Client, bell: Bell, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      for await (const { event } of client.events({}, stop)) if (event === 'change') bell.ring()
    } catch (error) {
      if (['forbidden', 'unauthenticated'].includes(toWeftError(error).code)) return
    }
    await pause(AGAIN, undefined, { signal: stop }).catch(() => undefined)
  }
}

/** Is rung by one and waited for by another; what rings meanwhile is not lost. */
class Bell {
  #isRung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  /** Resolves shortly after it was rung, after `limit` milliseconds, or when `stop` is aborted. */
  async wait(limit: number, stop: AbortSignal): Promise<void> {
    const over = new AbortController()
    const either = AbortSignal.any([stop, over.signal])
    this.#wake = () => over.abort()
    if (!this.#isRung) await pause(limit, undefined, { signal: either }).catch(() => undefined)
    if (this.#isRung) await pause(CALM, undefined, { signal: stop }).catch(() => undefined)
    this.#isRung = false
    this.#wake = undefined
  }
}
