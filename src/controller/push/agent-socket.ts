import type { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import { failpoint } from '../../log/failpoint.ts'
import { type ControllerFrame, encodeFrame } from '../../protocol/frames.ts'
import type { Parcel } from './message.ts'

/** Bytes that may wait in a socket before the session is left alone until they are gone. */
const BUFFER_LIMIT = 1_048_576

/** Bytes of answers and instructions, which wait for nothing, that a full socket is given in addition. */
const OVERDRAFT_LIMIT = 1_048_576

/** Milliseconds for which nothing is read of who says too much, at most; and half a heartbeat, so that it is not taken for dead. */
const REST = 1_000

export interface AgentSocketTools {
  readonly clock: Pick<Clock, 'after'>
  readonly heartbeatSeconds: number
  /** Counts what is sent. */
  readonly sent: (frames: number, bytes: number) => void
}

/** Whoever found the socket full. */
interface Waiting {
  /** What it held has gone out. */
  drained(): void
}

/** The socket of one agent, and what may wait in it. */
export class AgentSocket {
  readonly #socket: WebSocket
  readonly #tools: AgentSocketTools
  #isWaiting = false
  #isResting = false
  #bytesSent = 0
  #overdraft = 0

  constructor(socket: WebSocket, tools: AgentSocketTools) {
    this.#socket = socket
    this.#tools = tools
  }

  /** Sends it whether the agent reads or not, within a limit: who goes on asking and never reads is cut off. */
  insist(frame: ControllerFrame): void {
    const bytes = Buffer.from(encodeFrame(frame))
    const isFull = this.#socket.bufferedAmount > BUFFER_LIMIT
    this.#overdraft = isFull ? this.#overdraft + bytes.length : 0
    if (this.#overdraft > OVERDRAFT_LIMIT) return this.cutOff()
    this.send({ bytes, isBinary: false })
  }

  /** Sends what a socket that is not full can take. */
  send({ bytes, isBinary }: Parcel): void {
    if (this.isOver) return
    this.#bytesSent += bytes.length
    this.#tools.sent(1, bytes.length)
    failpoint('session-before-send')
    this.#socket.send(bytes, { binary: isBinary })
    failpoint('session-after-send')
  }

  /** Whether it takes nothing now. Then `waiting` is told once what it holds has gone out, unless it is over. */
  isFullFor(waiting: Waiting): boolean {
    if (this.isOver) return true
    if (this.#socket.bufferedAmount <= BUFFER_LIMIT) return false
    if (this.#isWaiting) return true
    this.#isWaiting = true
    // An empty ping is queued behind all that waits, so its callback says that this has been written.
    this.#socket.ping('', false, () => {
      this.#isWaiting = false
      waiting.drained()
    })
    return true
  }

  /** A socket that closes takes nothing any more, keeps what it holds, and answers a ping at once. */
  get isOver(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN
  }

  /** Bytes that have left this process. */
  get bytesGone(): number {
    return this.#bytesSent - this.#socket.bufferedAmount
  }

  /** Reads nothing for a while; what was read before is still taken. */
  rest(): void {
    if (this.#isResting) return
    this.#isResting = true
    this.#socket.pause()
    const { clock, heartbeatSeconds } = this.#tools
    clock.after(Math.min(REST, heartbeatSeconds * 500), () => {
      this.#isResting = false
      this.#socket.resume()
    })
  }

  /** Ends it at once. */
  cutOff(): void {
    this.#socket.terminate()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }
}
