import type { Clock } from '../../clock.ts'

/** Milliseconds between two looks, and how late one may be. */
const INTERVAL = 250
const LATE = 2_000
/** So many late looks in a row are overload; a single one is a pause, of the machine or for a large batch. */
const OVERLOAD = 5

/**
 * Watches whether the event loop keeps up. A timer that comes late again and again shows that everything does: frames to
 * and from agents, too. REST is then refused until a look is on time again, so that agents go first.
 */
export class Load implements Disposable {
  readonly #clock: Clock
  #due: number
  #late = 0
  #cancel: () => void

  constructor(clock: Clock) {
    this.#clock = clock
    this.#due = clock.monotonic() + INTERVAL
    this.#cancel = clock.after(INTERVAL, () => this.#look())
  }

  get isTooHigh(): boolean {
    return this.#late >= OVERLOAD
  }

  [Symbol.dispose](): void {
    this.#cancel()
  }

  #look(): void {
    const now = this.#clock.monotonic()
    this.#late = now - this.#due > LATE ? this.#late + 1 : 0
    this.#due = now + INTERVAL
    this.#cancel = this.#clock.after(INTERVAL, () => this.#look())
  }
}
