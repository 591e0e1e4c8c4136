/** Agents of one process that begin to connect in the same turn of its loop. */
const PER_TURN = 8

/**
 * Where all agents of a process come by that set out at once: a few in each turn of the event loop, for on machines of their
 * own none would wait with its answers until all the others have called. It counts how often they set out.
 */
export class Doorway {
  readonly #waiting: (() => void)[] = []
  #passed = 0

  get passed(): number {
    return this.#passed
  }

  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) setImmediate(() => this.#turn())
    })
  }

  #turn(): void {
    const next = this.#waiting.slice(0, PER_TURN)
    this.#passed += next.length
    for (const resolve of next) resolve()
    this.#waiting.splice(0, next.length)
    if (this.#waiting.length > 0) setImmediate(() => this.#turn())
  }
}
