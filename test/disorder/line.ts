import { EventEmitter } from 'node:events'
import type { WebSocket } from 'ws'
import type { AgentFrame, ControllerFrame } from '../../src/protocol/frames.ts'
import { numbersFrom } from './mutate.ts'

/** What happens to the next frames of a line, one after the other. TCP does none of this; bugs do. */
export type Fault = 'pass' | 'drop' | 'double' | 'late' | 'corrupt'
/** The frames that an agent can tell from corrupted ones, for they are signed; others pass. */
const SIGNED: readonly FrameType[] = ['self', 'snapshot', 'delta', 'removed', 'witness']
/** As long as the signature and the beginning of the body of one that is packed. */
const PACKED = ' '.repeat(90)
const anyNumber = numbersFrom(1)
export type FrameType = (AgentFrame | ControllerFrame)['type']
/** Who sends what is faulted. */
export type Side = 'controller' | 'agent'

/**
 * Both ends of a websocket in this process, with what a session uses of one. The end of the controller can be stalled, so
 * that what it sends waits in it. After the welcome every frame can be faulted, whatever its type and whoever sends it; a
 * handshake that loses one never becomes a session.
 */
export class Line {
  readonly controller: WebSocket
  readonly agent: WebSocket
  readonly #ends: Readonly<Record<Side, End>>

  /** @param onFault is told of each frame to which something happens */
  constructor(onFault: (type: FrameType, fault: Fault) => void = () => undefined) {
    const [controller, agent] = [new End(onFault), new End(onFault)]
    controller.other = agent
    agent.other = controller
    this.#ends = { controller, agent }
    this.controller = asSocket(controller)
    this.agent = asSocket(agent)
  }

  stall(): void {
    this.#ends.controller.stall()
  }

  flow(): void {
    this.#ends.controller.flow()
  }

  /** @param faults each is taken out of the list when it happens */
  fail(side: Side, faults: Fault[]): void {
    this.#ends[side].faults = faults
  }

  /** @param trouble by type, for both directions; comes before what `fail` says, and is used up like that */
  befall(trouble: ReadonlyMap<FrameType, Fault[]>): void {
    for (const end of Object.values(this.#ends)) end.trouble = trouble
  }

  /** From now on no frame of this type arrives, until the next call; undefined: all do. */
  lose(type: FrameType | undefined): void {
    for (const end of Object.values(this.#ends)) end.lost = type
  }

  /** The connection breaks; what was on its way is lost. */
  cut(): void {
    for (const end of Object.values(this.#ends)) end.terminate()
  }

  /** Most bytes that ever waited for the agent to read. */
  get mostWaiting(): number {
    return this.#ends.controller.mostWaiting
  }
}

class End extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  mostWaiting = 0
  other: End | undefined
  faults: Fault[] = []
  trouble: ReadonlyMap<FrameType, Fault[]> = new Map()
  lost: FrameType | undefined
  /** Whether the handshake is over. */
  isServing = false
  readonly #onFault: (type: FrameType, fault: Fault) => void
  #isStalled = false
  #waiting: (() => void)[] = []
  #late: Buffer | undefined

  constructor(onFault: (type: FrameType, fault: Fault) => void) {
    super()
    this.#onFault = onFault
  }

  send(data: string | Buffer): void {
    if (this.readyState !== this.OPEN) return
    const message = Buffer.from(data)
    this.#queue(message.length, () => this.#deliver(message))
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
    // In one line, or what was sent a moment before a stall would come after what is sent in it.
    this.#waiting.push(go)
    if (!this.#isStalled) setImmediate(() => !this.#isStalled && this.#waiting.shift()?.())
  }

  #deliver(message: Buffer): void {
    const late = this.#late
    this.#late = undefined
    for (const one of this.#suffer(message)) this.#arrive(one)
    if (late !== undefined) this.#arrive(late)
  }

  #suffer(message: Buffer): Buffer[] {
    const type = typeOf(message)
    if (type === 'welcome') for (const end of [this, this.other]) if (end) end.isServing = true
    if (!type || !this.isServing || type === 'welcome') return [message]
    const next = type === this.lost ? 'drop' : (this.trouble.get(type)?.shift() ?? this.faults.shift())
    const fault = next === 'corrupt' && !SIGNED.includes(type) ? 'pass' : next
    if (fault && fault !== 'pass') this.#onFault(type, fault)
    switch (fault) {
      case 'drop':
        return []
      case 'double':
        return [message, message]
      case 'late':
        this.#late = message
        return []
      case 'corrupt':
        return [withOneBitFlipped(message)]
      default:
        return [message]
    }
  }

  #arrive(message: Buffer): void {
    if (this.other?.readyState === this.OPEN) this.other.emit('message', message)
  }
}

/** Of what is signed, for nobody can tell that hints beside it are not what was said. */
function withOneBitFlipped(message: Buffer): Buffer {
  const { index, 0: body } = /"body":"[^"]+/.exec(message.toString('latin1')) ?? { index: 0, 0: PACKED }
  const at = index + body.length - 1 - anyNumber(body.length - '"body":"'.length)
  const flipped = Buffer.from(message)
  flipped[at] = (message[at] ?? 0) ^ (1 << anyNumber(8))
  return flipped
}

/** Of what need not be a frame; deltas are packed. */
function typeOf(message: Buffer): FrameType | undefined {
  if (message[0] === 1) return 'delta'
  return /^\{"type":"([a-z-]+)"/.exec(message.toString('latin1'))?.[1] as FrameType | undefined
}

function asSocket(end: End): WebSocket {
  return end as unknown as WebSocket
}
