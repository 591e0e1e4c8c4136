/** Milliseconds that a frame may take while something moves, and how many times that is borne in a row. */
const FRAME = 40
const BORNE = 2
/** Milliseconds without a move after which everything rests. */
const REST = 200
/** Lines that can always be painted. */
const FEW = 500

/**
 * Keeps the picture fluent where the processor paints it: when frames get slow while something moves, lines are left out
 * until it rests. With a graphics card that never happens.
 */
export class Pace implements Disposable {
  readonly #redraw: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #slow = 0

  /** @param redraw paints all again, once nothing moves any more */
  constructor(redraw: () => void) {
    this.#redraw = redraw
  }

  /** Whether lines are to be left out of the next frame. */
  get hidesLines(): boolean {
    return this.#timer !== undefined && this.#slow > BORNE
  }

  /** Something was moved. */
  move(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const wasHidden = this.hidesLines
      this.#timer = undefined
      if (wasHidden) this.#redraw()
    }, REST)
  }

  /** A frame begins; the browser is ready for another one when this one is painted. */
  frame(lines: number): void {
    if (this.#timer === undefined || lines <= FEW || this.hidesLines) return
    const start = performance.now()
    requestAnimationFrame(() => {
      const took = performance.now() - start
      this.#slow = took > FRAME ? this.#slow + took / FRAME : 0
    })
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
