import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { CallerQueue, type Waiting } from './queue.ts'
import { idOf } from './strangers.ts'

/** Callers that are let in between two looks at what those inside have to say; each needs about 1 ms of work. */
const PER_TURN = 4
/**
 * Milliseconds for which a caller may wait: an agent waits 20 s for its TLS, and has been in the kernel's queue for a part of
 * them, so that nobody is served in vain. Who is turned away comes back, which costs both ends a quarter of being served.
 */
const PATIENCE = 15_000
/**
 * Callers that may be at their handshakes at the same time. All of them can answer in one turn, which then takes about
 * 150 ms; from 100 ms away, for which an agent needs four round trips, it is still 600 agents a second.
 */
const PLACES = 256
/** Who sends nothing from one look at all to the next, after as many ms, takes no one's place. */
const LOOK = 250
/** While more callers come in every turn, they are taken from the kernel for so many ms before some are let in again. */
const GATHERING = 20

/** A caller that was let in, and what had come of it at the last look. */
interface Guest {
  readonly socket: Socket
  bytes: number | undefined
}

/**
 * The queue in front of TLS. After a restart all agents come at once, and their handshakes are the greatest work there is.
 *
 * First, everybody is taken out of the kernel's queue, of which Node takes one in each turn of its loop: there nobody knows
 * how long they have waited, and those at its end would be served when they had long given up, and all the next ones, too.
 * Then a few are let in each turn, and no more than can be answered in one, so that whoever is connected is served in
 * between, however many wait. Who does nothing after that takes no one's place, and who had to wait too long is turned away
 * here, where it costs nothing, and comes back later.
 */
export class Gate {
  readonly #clock: Clock
  readonly #patience: number
  readonly #queue = new CallerQueue()
  readonly #guests = new Map<string, Guest>()
  #isTurnDue = false
  #cancelLook: (() => void) | undefined
  #hasArrived = false
  #hasLetIn = false
  #gatheringSince = Number.NEGATIVE_INFINITY
  #refused = 0

  constructor(clock: Clock, patience = PATIENCE) {
    this.#clock = clock
    this.#patience = patience
  }

  /** Calls `admit` when it is this socket's turn; closes the socket when that takes too long. */
  enter(socket: Socket, admit: () => void): void {
    // Whoever gives up while waiting is found out when its turn comes.
    socket.on('error', () => undefined)
    this.#queue.push({ socket, admit, since: this.#clock.monotonic() })
    this.#hasArrived = true
    this.#goOn()
  }

  /** Whoever holds the other end has shown who it is: it makes no more work than others do. */
  known(socket: Socket): void {
    this.#release(idOf(socket))
  }

  /** Callers that wait. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Callers that are at their handshakes. */
  get busy(): number {
    return this.#guests.size
  }

  /** Callers that waited in vain, since the start. */
  get refused(): number {
    return this.#refused
  }

  /** Turns all away that wait. */
  close(): void {
    this.#cancelLook?.()
    for (const { socket } of this.#queue.takeBefore(Number.POSITIVE_INFINITY)) socket.destroy()
  }

  #goOn(): void {
    if (this.#queue.size === 0) return
    this.#cancelLook ??= this.#clock.after(LOOK, () => this.#look())
    if (this.#guests.size >= PLACES || this.#isTurnDue) return
    this.#isTurnDue = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isTurnDue = false
    const now = this.#clock.monotonic()
    // By now most is done of what those made to do who were let in last, however slow this machine is.
    if (this.#hasLetIn) this.#gatheringSince = now
    const isGathering = this.#hasArrived && now - this.#gatheringSince < GATHERING
    this.#hasArrived = false
    this.#hasLetIn = !isGathering && this.#letIn(now) > 0
    this.#goOn()
  }

  #letIn(now: number): number {
    let count = 0
    while (count < PER_TURN && this.#guests.size < PLACES) {
      const next = this.#queue.next()
      if (!next) break
      if (next.socket.destroyed || this.#refuseIfLate(next, now)) continue
      count += 1
      this.#seat(next.socket)
      next.admit()
    }
    return count
  }

  #seat(socket: Socket): void {
    // Unix sockets have no address to be known by, and there are few of them.
    if (socket.remoteAddress === undefined) return
    const id = idOf(socket)
    this.#guests.set(id, { socket, bytes: undefined })
    socket.once('close', () => this.#release(id))
  }

  #release(id: string): void {
    if (this.#guests.delete(id)) this.#goOn()
  }

  /** Between two looks whatever has come is read, so who has sent nothing by then keeps nobody busy. */
  #look(): void {
    this.#cancelLook = undefined
    for (const [id, guest] of this.#guests) {
      const { bytesRead } = guest.socket
      if (bytesRead === guest.bytes) this.#guests.delete(id)
      else guest.bytes = bytesRead
    }
    const now = this.#clock.monotonic()
    for (const late of this.#queue.takeBefore(now - this.#patience)) this.#refuseIfLate(late, now)
    this.#goOn()
  }

  #refuseIfLate({ socket, since }: Waiting, now: number): boolean {
    if (now - since <= this.#patience) return false
    this.#refused += 1
    socket.destroy()
    return true
  }
}
