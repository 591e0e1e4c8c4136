import type { Logger } from 'pino'
import { toWeftError } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { AgentSocket } from './agent-socket.ts'
import { Asking, type AskingTools } from './asking.ts'
import type { Bounds } from './bounds.ts'
import { Remarks } from './remarks.ts'

export interface HearingTools extends AskingTools {
  readonly log: Pick<Logger, 'error' | 'warn'>
  readonly bounds: Bounds
}

/** Bytes for which a frame counts once more: to read so many costs about as much as a short frame. */
const LONG = 4_096

type Socket = Pick<AgentSocket, 'rest' | 'insist' | 'cutOff'>

/** How often one agent is heard: whatever it says that costs others something has its turn, and what cannot be its limit. */
export class Hearing {
  /** What it asks for. */
  readonly asking: Asking
  /** What it tells of itself. */
  readonly telling: Asking
  /** What it shows that our key signed: one is answered like a request, and is none of the subjects of those. */
  readonly showing: Asking
  /** Keys that it offers. */
  readonly offering: Asking
  /** What is written of it into our log. */
  readonly remarks: Remarks
  readonly #node: NodeId
  readonly #socket: Socket
  readonly #tools: HearingTools

  constructor(node: NodeId, socket: Socket, tools: HearingTools) {
    const { requests, facts, keys, remarks } = tools.bounds
    this.#node = node
    this.#socket = socket
    this.#tools = tools
    this.asking = new Asking(node, requests, tools)
    this.telling = new Asking(node, facts, tools)
    this.showing = new Asking(node, requests, tools)
    this.offering = new Asking(node, keys, tools)
    this.remarks = new Remarks(node, remarks)
  }

  /** A frame of the agent has come, of whatever kind, and so many bytes. */
  heard(bytes: number): void {
    const count = 1 + Math.floor(bytes / LONG)
    if (!this.#tools.bounds.frames.take(this.#node, count)) this.#socket.rest()
  }

  /**
   * What the agent said cannot be: it is told so, and our log, as often as is good for us. Who goes on with what is not of the
   * protocol is cut off, for each such frame costs us more than it.
   */
  refuse(error: unknown, who: object = { node: this.#node }): void {
    const { code, message } = toWeftError(error)
    const { log, bounds } = this.#tools
    if (code === 'protocol-error' && !bounds.faults.take(this.#node)) {
      this.remarks.warn(
        log,
        { ...who, code, reason: message },
        'agent cut off: too much of what it says is not of the protocol',
      )
      return this.#socket.cutOff()
    }
    this.remarks.warn(log, { ...who, code, reason: message }, 'frame refused')
    this.#socket.insist({ type: 'error', code, message })
  }

  /** Nothing is owed to it any more. */
  end(): void {
    for (const each of [this.asking, this.telling, this.showing, this.offering]) each.end()
  }
}
