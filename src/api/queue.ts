import type { Socket } from 'node:net'

/** Somebody who waits to be let in. */
export interface Waiting {
  readonly socket: Socket
  readonly admit: () => void
  /** Milliseconds of a monotonic clock. */
  readonly since: number
}

/** Callers in the order in which they came, but for one of each address in turn: many from one place hold up only each other. */
export class CallerQueue {
  readonly #byAddress = new Map<string, Waiting[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(caller: Waiting): void {
    const address = caller.socket.remoteAddress ?? ''
    const line = this.#byAddress.get(address)
    if (line) line.push(caller)
    else this.#byAddress.set(address, [caller])
    this.#size += 1
  }

  /** Takes out whose turn it is. */
  next(): Waiting | undefined {
    for (const [address, line] of this.#byAddress) {
      // To the end, behind the other addresses.
      this.#byAddress.delete(address)
      const caller = line.shift()
      if (line.length > 0) this.#byAddress.set(address, line)
      if (!caller) continue
      this.#size -= 1
      return caller
    }
    return undefined
  }

  /** Takes out who came before `moment`. */
  takeBefore(moment: number): Waiting[] {
    const late: Waiting[] = []
    for (const [address, line] of this.#byAddress) {
      const place = line.findIndex(({ since }) => since >= moment)
      late.push(...line.splice(0, place < 0 ? line.length : place))
      if (line.length === 0) this.#byAddress.delete(address)
    }
    this.#size -= late.length
    return late
  }
}
