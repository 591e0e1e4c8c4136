import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { formatJoinToken, parseJoinToken } from '../src/protocol/jointoken.ts'

type Direction = 'up' | 'down'

/** A wire to a controller that can be stopped, either way, without either end being told: half-open, or just slow. */
export class Wire implements AsyncDisposable {
  readonly port: number
  readonly #sockets: Set<Socket>
  readonly #held: Set<Direction>
  readonly #close: () => void
  #bytesPerSecond: number | undefined

  private constructor(port: number, sockets: Set<Socket>, held: Set<Direction>, close: () => void) {
    this.port = port
    this.#sockets = sockets
    this.#held = held
    this.#close = close
  }

  static async start(target: number): Promise<Wire> {
    const sockets = new Set<Socket>()
    const held = new Set<Direction>()
    const server = createServer((agent) => {
      const controller = connect(target, '127.0.0.1')
      for (const socket of [agent, controller]) {
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.once('close', () => sockets.delete(socket))
      }
      pump(agent, controller, () => wire.#rate('up'))
      pump(controller, agent, () => wire.#rate('down'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const wire = new Wire(port, sockets, held, () => server.close())
    return wire
  }

  /** A join token for an agent on the other end of this wire. */
  via(token: string): string {
    return formatJoinToken({ ...parseJoinToken(token), urls: [`https://127.0.0.1:${this.port}`] })
  }

  /** What comes from `direction` goes nowhere from now on; the sockets stay open. */
  hold(...directions: Direction[]): void {
    for (const direction of directions) this.#held.add(direction)
  }

  release(): void {
    this.#held.clear()
    this.#bytesPerSecond = undefined
  }

  /** Lets down no more than this from now on. */
  slow(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Sockets that are open, at both ends. */
  get open(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #rate(direction: Direction): number {
    if (this.#held.has(direction)) return 0
    return direction === 'down'
      ? (this.#bytesPerSecond ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY
  }
}

/** Milliseconds after which a held wire is looked at again. */
const TICK = 20

/** Reads only as fast as it may write, so that the sender feels a slow wire. The end of one side is passed on. */
async function pump(from: Socket, to: Socket, rate: () => number): Promise<void> {
  try {
    for await (const chunk of from) {
      let rest: Buffer = chunk
      while (rest.length > 0) {
        while (rate() === 0 && !to.destroyed) await pause(TICK)
        if (to.destroyed) return
        const part = Math.max(1, Math.min(rest.length, Math.floor((rate() * TICK) / 1_000)))
        if (!to.write(rest.subarray(0, part))) await once(to, 'drain')
        if (part < rest.length) await pause(TICK)
        rest = rest.subarray(part)
      }
    }
  } catch {
    // The other direction ends with this one.
  }
  to.destroy()
}
