import { EventEmitter } from 'node:events'
import type { WebSocket } from 'ws'
import { parseControllerFrame } from '../../src/protocol/frames.ts'

/** What happens to the next content frames of a line, one after the other. TCP does none of this; bugs do. */
export type Fault = 'pass' | 'drop' | 'double' | 'late'

/** Frames that tell what a network is: all that is lost of them has to heal. */
const CONTENT = new Set(['self', 'current', 'snapshot', 'delta', 'hints'])

/**
 * Both ends of a websocket in this process, with what a session uses of one. The end of the controller can be stalled, so
 * that what it sends waits in it, and be given faults.
 */
export class Line {
  readonly controller: WebSocket
  readonly agent: WebSocket
  readonly #ends: readonly [End, End]

  constructor() {
    const [controller, agent] = [new End(), new End()]
    controller.other = agent
    agent.other = controller
    this.#ends = [controller, agent]
    this.controller = asSocket(controller)
    this.agent = asSocket(agent)
  }

  stall(): void {
    this.#ends[0].stall()
  }

  flow(): void {
    this.#ends[0].flow()
  }

  fail(faults: readonly Fault[]): void {
    this.#ends[0].faults = [...faults]
  }

  /** The connection breaks; what was on its way is lost. */
  cut(): void {
    for (const end of this.#ends) end.terminate()
  }

  /** Most bytes that ever waited for the agent to read. */
  get mostWaiting(): number {
    return this.#ends[0].mostWaiting
  }
}

class End extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  mostWaiting = 0
  other: End | undefined
  faults: Fault[] = []
  #isStalled = false
  #waiting: (() => void)[] = []
  #late: string | undefined

  send(data: string | Buffer): void {
    if (this.readyState !== this.OPEN) return
    const text = data.toString()
    this.#queue(text.length, () => this.#deliver(text))
  }

  ping(_data?: unknown, _mask?: boolean, written?: () => void): void {
    this.#queue(0, () => {
      written?.()
      this.other?.emit('ping')
      this.emit('pong')
    })
  }

  close(): void {
    this.#queue(0, () => this.terminate())
  }

  terminate(): void {
    if (this.readyState !== this.OPEN) return
    this.readyState = 3
    setImmediate(() => {
      this.emit('close', 1006)
      this.other?.terminate()
    })
  }

  stall(): void {
    this.#isStalled = true
  }

  flow(): void {
    this.#isStalled = false
    for (const act of this.#waiting.splice(0)) act()
  }

  #queue(size: number, act: () => void): void {
    this.bufferedAmount += size
    this.mostWaiting = Math.max(this.mostWaiting, this.bufferedAmount)
    const go = () => {
      this.bufferedAmount -= size
      act()
    }
    if (this.#isStalled) this.#waiting.push(go)
    else setImmediate(() => (this.#isStalled ? this.#waiting.push(go) : go()))
  }

  #deliver(text: string): void {
    const late = this.#late
    this.#late = undefined
    for (const one of this.#suffer(text)) this.#arrive(one)
    if (late !== undefined) this.#arrive(late)
  }

  #suffer(text: string): string[] {
    if (this.faults.length === 0 || !CONTENT.has(parseControllerFrame(text).type)) return [text]
    switch (this.faults.shift()) {
      case 'drop':
        return []
      case 'double':
        return [text, text]
      case 'late':
        this.#late = text
        return []
      default:
        return [text]
    }
  }

  #arrive(text: string): void {
    if (this.other?.readyState === this.OPEN) this.other.emit('message', Buffer.from(text))
  }
}

function asSocket(end: End): WebSocket {
  return end as unknown as WebSocket
}
