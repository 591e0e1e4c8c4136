import type { WebSocket } from 'ws'
import { toWeftError, WeftError } from '../errors.ts'
import type { ControllerFrame } from '../protocol/frames.ts'
import { REPLACED } from '../protocol/handshake.ts'
import { readControllerFrame } from '../protocol/packed.ts'

/** The frames of a websocket as something to wait for, in order; frames that came while nobody waited are kept. */
export class FrameStream {
  readonly #waiting: { resolve: (frame: ControllerFrame) => void; reject: (cause: WeftError) => void }[] = []
  readonly #frames: ControllerFrame[] = []
  readonly #socket: WebSocket
  #end: WeftError | undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.#take(data))
    socket.on('error', (cause) =>
      this.#finish(new WeftError('unavailable', 'The connection failed.', { cause })),
    )
    socket.on('close', (code) => this.#finish(code === REPLACED ? takenOver() : closed(code)))
  }

  /** The next frame. Rejects with `unavailable` when the socket has ended, or after `limit` ms. */
  next(limit?: number): Promise<ControllerFrame> {
    const frame = this.#frames.shift()
    if (frame) return Promise.resolve(frame)
    if (this.#end) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      const timer = limit === undefined ? undefined : setTimeout(() => this.#finish(tooSlow()), limit)
      const settle = <Value>(act: (value: Value) => void) => {
        return (value: Value) => {
          clearTimeout(timer)
          act(value)
        }
      }
      this.#waiting.push({ resolve: settle(resolve), reject: settle(reject) })
    })
  }

  /** Whether somebody waits for the next frame, so that none is on the way to be taken. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0
  }

  #take(message: Buffer): void {
    try {
      const frame = readControllerFrame(message)
      const waiting = this.#waiting.shift()
      if (waiting) waiting.resolve(frame)
      else this.#frames.push(frame)
    } catch (error) {
      // What the controller says is not understood: start over rather than act on half of it.
      this.#finish(toWeftError(error))
      this.#socket.close(1002)
    }
  }

  #finish(end: WeftError): void {
    this.#end ??= end
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end)
  }
}

function takenOver(): WeftError {
  return new WeftError('conflict', 'Another machine has connected as this node.', {
    advice: 'One of the two has a copy of the state directory: remove it there and join anew.',
  })
}

function closed(code: number): WeftError {
  return new WeftError('unavailable', `The connection was closed (${code}).`)
}

function tooSlow(): WeftError {
  return new WeftError('unavailable', 'The controller took too long.')
}
