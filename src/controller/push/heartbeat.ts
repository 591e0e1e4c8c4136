import type { WebSocket } from 'ws'

/** Agents are pinged in so many parts, one after the other: 10,000 at once would keep everybody else waiting for half a second. */
const PARTS = 50

/** How a connection stood at the last ping. */
interface Beaten {
  readonly bytesGone: number
  readonly isWaiting: boolean
}

interface Watched {
  /** Bytes that have left this process for the other end. */
  readonly bytesGone: () => number
  heard: boolean
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
  readonly #parts: Part[] = Array.from({ length: PARTS }, () => new Map())
  readonly #timer: NodeJS.Timeout

  constructor(seconds: number) {
    this.#timer = setInterval(() => this.#goOn(), (seconds * 1_000) / PARTS)
    this.#timer.unref()
  }

  add(socket: WebSocket, bytesGone: () => number): void {
    const watched = { bytesGone, heard: true, before: { bytesGone: 0, isWaiting: false } }
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

  #goOn(): void {
    const part = this.#parts.shift()
    if (!part) return
    this.#parts.push(part)
    for (const [socket, watched] of part) beat(socket, watched)
  }
}

function beat(socket: WebSocket, watched: Watched): void {
  const { heard, before } = watched
  const bytesGone = watched.bytesGone()
  const isTaking = before.isWaiting && bytesGone > before.bytesGone
  if (!heard && !isTaking) socket.terminate()
  watched.heard = false
  watched.before = { bytesGone, isWaiting: socket.bufferedAmount > 0 }
  socket.ping()
}
