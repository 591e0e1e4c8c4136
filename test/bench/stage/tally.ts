import type { WebSocket } from 'ws'
import { now } from '../scenario.ts'

const APPLIED = '{"type":"applied"'

/** Counts who has acknowledged, at a server, and says when the last one had. */
export class Tally {
  /** All that ever acknowledged anything. */
  readonly #regulars = new Set<WebSocket>()
  /** Whether an acknowledgement of this socket counts; true once for each. */
  #counts: (socket: WebSocket) => boolean = () => false
  #left = 0
  #all = Promise.withResolvers<number>()

  add(socket: WebSocket): void {
    socket.on('message', (data: Buffer) => {
      if (data.toString('latin1', 0, APPLIED.length) === APPLIED) this.#acknowledged(socket)
    })
    socket.once('close', () => this.#regulars.delete(socket))
  }

  /** From now on counts those that have acknowledged something before, each once; gives how many these are. */
  armForRegulars(): number {
    const missing = new Set(this.#regulars)
    return this.#arm(missing.size, (socket) => missing.delete(socket))
  }

  /** From now on counts this many, whoever they are. */
  armFor(count: number): number {
    const seen = new Set<WebSocket>()
    return this.#arm(count, (socket) => seen.size < seen.add(socket).size)
  }

  /** When the last of them had acknowledged. Rejects after `limit` ms. */
  done(limit: number): Promise<number> {
    const timer = setTimeout(
      () => this.#all.reject(new Error(`${this.#left} have not acknowledged within ${limit} ms`)),
      limit,
    )
    return this.#all.promise.finally(() => clearTimeout(timer))
  }

  #arm(count: number, counts: (socket: WebSocket) => boolean): number {
    this.#counts = counts
    this.#left = count
    this.#all = Promise.withResolvers()
    return count
  }

  #acknowledged(socket: WebSocket): void {
    this.#regulars.add(socket)
    if (this.#left === 0 || !this.#counts(socket)) return
    this.#left -= 1
    if (this.#left === 0) this.#all.resolve(now())
  }
}
