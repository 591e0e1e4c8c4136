import type { WebSocket } from 'ws'

/** How a connection stood at the last beat. */
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

/**
 * Pings all agents at every beat, and gives up a connection from which nothing came since the last one: it is half-open, and
 * its agent is to show as gone. One that takes what waits for it is alive too, however slowly it does, since a ping stands
 * at the end of what waits. What the kernel takes of an empty line says nothing: it takes it for a dead one as well.
 */
export class Heartbeat {
  readonly #watched = new Map<WebSocket, Watched>()
  readonly #timer: NodeJS.Timeout

  constructor(seconds: number) {
    this.#timer = setInterval(() => this.#beat(), seconds * 1_000)
    this.#timer.unref()
  }

  add(socket: WebSocket, bytesGone: () => number): void {
    const watched = { bytesGone, heard: true, before: { bytesGone: 0, isWaiting: false } }
    this.#watched.set(socket, watched)
    const hear = () => {
      watched.heard = true
    }
    for (const event of ['pong', 'ping', 'message']) socket.on(event, hear)
    socket.once('close', () => this.#watched.delete(socket))
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #beat(): void {
    for (const [socket, watched] of this.#watched) {
      const { heard, before } = watched
      const bytesGone = watched.bytesGone()
      const isTaking = before.isWaiting && bytesGone > before.bytesGone
      if (!heard && !isTaking) socket.terminate()
      watched.heard = false
      watched.before = { bytesGone, isWaiting: socket.bufferedAmount > 0 }
      socket.ping()
    }
  }
}
