import type { Logger } from 'pino'

/** Milliseconds of work in one round of the event loop, for all together: after them others get a turn. */
const SLICE = 20

/** Milliseconds since some moment. */
type Now = () => number

interface Piece {
  /** Goes on until `end`, and gives whether it is over. */
  readonly go: (end: number) => boolean
}

/**
 * Long work that is done in slices. All of it shares one slice of each round of the event loop, so everybody else has a turn
 * however much of it there is. Pushes come first, and each in its turn; what somebody only asked for is done one after the other.
 */
export class Turns {
  readonly #log: Pick<Logger, 'error'>
  readonly #now: Now
  readonly #pushes: Piece[] = []
  readonly #asked: Piece[] = []
  /** When the slice of this round is over; undefined: none has begun. */
  #end: number | undefined

  constructor(log: Pick<Logger, 'error'>, now: Now = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** Takes all steps: at once as far as the slice of this round reaches, so that what is short is done when this returns. */
  push<Result>(steps: Iterator<unknown, Result>): Result | Promise<Result> {
    const end = this.#begin()
    const done = this.#now() < end && this.#pushes.length === 0 ? slice(steps, this.#now, end) : undefined
    return done ? done.value : this.#later(this.#pushes, steps)
  }

  /** Takes all steps when it is their turn. Rejects with the reason of `signal` when that says so before they are over. */
  ask<Result>(steps: Iterator<unknown, Result>, signal?: AbortSignal): Promise<Result> {
    this.#begin()
    return this.#later(this.#asked, steps, signal)
  }

  /** As `push`, of what nobody waits for: what fails is told in the log. */
  leave(steps: Iterator<unknown, unknown>): void {
    this.watch((async () => await this.push(steps))())
  }

  /** Nobody else hears of it when this fails. */
  watch(work: Promise<unknown>): void {
    work.catch((err: unknown) => this.#log.error({ err }, 'work in turns failed'))
  }

  #begin(): number {
    if (this.#end === undefined) {
      setImmediate(() => this.#round())
      this.#end = this.#now() + SLICE
    }
    return this.#end
  }

  #round(): void {
    this.#end = undefined
    if (this.#pushes.length + this.#asked.length === 0) return
    const end = this.#begin()
    do {
      const push = this.#pushes.shift()
      const piece = push ?? this.#asked[0]
      if (!piece) return
      const isOver = piece.go(end)
      if (push && !isOver) this.#pushes.push(push)
      else if (isOver && this.#asked[0] === piece) this.#asked.shift()
    } while (this.#now() < end)
  }

  async #later<Result>(
    queue: Piece[],
    steps: Iterator<unknown, Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const go = (end: number) => {
      try {
        const done = slice(steps, this.#now, end)
        if (done) resolve(done.value)
        return done !== undefined
      } catch (error) {
        reject(error)
        return true
      }
    }
    const piece = { go }
    const leave = () => {
      // Nothing is kept of what nobody waits for, however many wait before it.
      const at = queue.indexOf(piece)
      if (at >= 0) queue.splice(at, 1)
      reject(signal?.reason)
    }
    queue.push(piece)
    signal?.addEventListener('abort', leave, { once: true })
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }
}

/** Undefined when the time is over before the steps are. */
function slice<Result>(
  steps: Iterator<unknown, Result>,
  now: Now,
  end: number,
): IteratorReturnResult<Result> | undefined {
  do {
    const step = steps.next()
    if (step.done) return step
  } while (now() < end)
  return undefined
}
