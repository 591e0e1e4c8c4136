import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'

/** Callers that are let in between two looks at what those inside have to say; each needs about 1 ms of work. */
const PER_TURN = 4
/** Milliseconds for which a caller may wait: less than an agent waits for an answer, so none is served in vain. */
const PATIENCE = 8_000

interface Waiting {
  readonly socket: Socket
  readonly admit: () => void
  readonly since: number
}

/**
 * The queue in front of TLS. After a restart all agents come at once, and their handshakes are the greatest work there is:
 * a few are begun in each turn of the event loop, so that whoever is connected is served in between, however many wait. It
 * is a queue and not a limit: callers that do nothing, once they are in, take no one's place. Who had to wait too long is
 * turned away here, where it costs nothing, and comes back later.
 */
export class Gate {
  readonly #clock: Clock
  #queue: Waiting[] = []
  #isOpening = false
  #refused = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `admit` when it is this socket's turn; closes the socket when that takes too long. */
  enter(socket: Socket, admit: () => void): void {
    // Whoever gives up while waiting is found out when its turn comes.
    socket.on('error', () => undefined)
    this.#queue.push({ socket, admit, since: this.#clock.monotonic() })
    if (this.#isOpening) return
    this.#isOpening = true
    setImmediate(() => this.#turn())
  }

  /** Callers that wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Callers that waited in vain, since the start. */
  get refused(): number {
    return this.#refused
  }

  /** Turns all away that wait. */
  close(): void {
    for (const { socket } of this.#queue.splice(0)) socket.destroy()
  }

  #turn(): void {
    const now = this.#clock.monotonic()
    let admitted = 0
    let at = 0
    for (; at < this.#queue.length && admitted < PER_TURN; at++) {
      const next = this.#queue[at]
      if (!next || next.socket.destroyed) continue
      if (now - next.since > PATIENCE) this.#refuse(next.socket)
      else {
        admitted += 1
        next.admit()
      }
    }
    this.#queue = this.#queue.slice(at)
    if (this.#queue.length > 0) setImmediate(() => this.#turn())
    else this.#isOpening = false
  }

  #refuse(socket: Socket): void {
    this.#refused += 1
    socket.destroy()
  }
}
