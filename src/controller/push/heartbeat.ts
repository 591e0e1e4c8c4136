import type { WebSocket } from 'ws'
import { type Clock, systemClock } from '../../clock.ts'

/** Milliseconds between two parts. All agents at once would keep everybody else waiting: 10,000 for half a second. */
const STEP = 200

/** Part of a heartbeat that an agent has for its answer at least, however soon after a busy while its next turn comes. */
const LEAST_TIME = 0.5

/** How a connection stood at a ping, and when that was. */
interface Beaten {
  readonly at: number
  readonly bytesGone: number
  readonly isWaiting: boolean
}

interface Watched {
  /** Bytes that have left this process for the other end. */
  readonly bytesGone: () => number
  heard: boolean
  /** When it was last judged. */
  before: Beaten
}

type Part = Map<WebSocket, Watched>

/**
 * Pings each agent once a heartbeat, and gives up a connection from which nothing came since the last ping: it is half-open,
 * and its agent is to show as gone. One that takes what waits for it is alive too, however slowly it does, since a ping stands
 * at the end of what waits. What the kernel takes of an empty line says nothing: it takes it for a dead one as well.
 */
export class Heartbeat {
  /** In the order of their turns; the last one has just had its turn, so who comes now is in it. */
  readonly #parts: Part[]
  readonly #timer: NodeJS.Timeout
  /** Milliseconds between two turns. */
  readonly #step: number
  /** Milliseconds that an agent has for its answer at least. */
  readonly #patience: number
  #turnAt: number

  constructor(seconds: number, clock: Pick<Clock, 'monotonic'> = systemClock) {
    const count = Math.max(1, Math.floor((seconds * 1_000) / STEP))
    this.#parts = Array.from({ length: count }, () => new Map())
    this.#step = (seconds * 1_000) / count
    this.#patience = seconds * 1_000 * LEAST_TIME
    this.#turnAt = clock.monotonic() + this.#step
    // Behind a turn of reading: timers come first, and this process may have been busy since the last pings.
    this.#timer = setInterval(() => setImmediate(() => this.#goOn(clock.monotonic())), this.#step)
    this.#timer.unref()
  }

  add(socket: WebSocket, bytesGone: () => number): void {
    const watched = {
      bytesGone,
      heard: true,
      before: { at: Number.NEGATIVE_INFINITY, bytesGone: 0, isWaiting: false },
    }
    const part = this.#parts.at(-1)
    part?.set(socket, watched)
    const hear = () => {
      watched.heard = true
    }
    for (const event of ['pong', 'ping', 'message']) socket.on(event, hear)
    socket.once('close', () => part?.delete(socket))
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** All whose turn it is, which may be many after a busy while. None twice, for an answer is read only after this. */
  #goOn(now: number): void {
    const due = Math.floor((now - this.#turnAt) / this.#step) + 1
    if (due <= 0) return
    this.#turnAt += due * this.#step
    const turns = this.#parts.splice(0, due)
    this.#parts.push(...turns)
    for (const part of turns)
      for (const [socket, watched] of part) {
        if (now - watched.before.at >= this.#patience) judge(socket, watched, now)
        socket.ping()
      }
  }
}

function judge(socket: WebSocket, watched: Watched, now: number): void {
  const { heard, before } = watched
  const bytesGone = watched.bytesGone()
  const isTaking = before.isWaiting && bytesGone > before.bytesGone
  if (!heard && !isTaking) socket.terminate()
  watched.heard = false
  watched.before = { at: now, bytesGone, isWaiting: socket.bufferedAmount > 0 }
}
