import type { VirtualTime } from './time.ts'

/** Of a hundred messages, how many meet this. */
export interface Weather {
  readonly dropped: number
  readonly doubled: number
  /** Milliseconds on the way, at most; those of one caller may overtake each other. */
  readonly delay: number
}

export const FAIR: Weather = Object.freeze({ dropped: 0, doubled: 0, delay: 5 })

/** A network by seed: what becomes of a message is the next number of a series. */
export class Wire {
  weather: Weather = FAIR
  readonly #time: VirtualTime
  readonly #number: (below: number) => number

  constructor(time: VirtualTime, number: (below: number) => number) {
    this.#time = time
    this.#number = number
  }

  /** Has `arrive` called once, or twice, or never. */
  send(arrive: () => void): void {
    const { dropped, doubled, delay } = this.weather
    const fate = this.#number(100)
    if (fate < dropped) return
    const copies = fate < dropped + doubled ? 2 : 1
    for (let copy = 0; copy < copies; copy++) this.#time.after(1 + this.#number(delay), arrive)
  }
}
