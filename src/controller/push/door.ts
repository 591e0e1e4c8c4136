import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import { type Address, parseAddress } from '../../address/cidr.ts'
import { toWeftError, WeftError } from '../../errors.ts'
import type { Random } from '../../keys/random.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { State } from '../../model/state.ts'
import { type ControllerFrame, encodeFrame } from '../../protocol/frames.ts'
import { signTranscript } from '../../protocol/handshake.ts'
import type { Bounds } from './bounds.ts'
import { GOING_AWAY, REFUSED } from './close-codes.ts'
import { greet, type ProvenAgent } from './greeting.ts'

/** Over what an agent is connected. */
export interface Channel {
  /** What only its two ends can know (RFC 9266); empty without TLS. */
  readonly binding: Uint8Array
  readonly remoteAddress: string
  /** Undefined: what is written goes out as it comes. */
  readonly wire?: Pick<Duplex, 'cork' | 'uncork'>
}

/** From where an agent comes. */
export interface Origin {
  readonly remoteAddress: string
  /** The same, where it is an address that others may see too. */
  readonly seenFrom: Address | undefined
}

export interface DoorTools {
  readonly random: Random
  readonly log: Logger
  readonly signing: SigningKey
  readonly state: () => State
  readonly bounds: Bounds
  /** Resolves with a state in which everything is that is durable now. */
  readonly catchUp: () => Promise<State>
  /** Enrols the agent if it is new or brings a token; rejects when it may not come in. */
  readonly admit: (agent: ProvenAgent, from: Address | undefined) => Promise<void>
  /** It has proven itself and may come in. */
  readonly welcome: (socket: WebSocket, agent: ProvenAgent, origin: Origin) => void
}

/** Where agents come in: who proves to be one that may. */
export class Door {
  readonly #tools: DoorTools
  /** Sockets that have not proven yet who they are. */
  readonly #greeting = new Set<WebSocket>()
  #isClosed = false

  constructor(tools: DoorTools) {
    this.#tools = tools
  }

  /** Takes a socket that has just been opened; it has HANDSHAKE_LIMIT ms to prove who it is. */
  async accept(socket: WebSocket, channel: Channel): Promise<void> {
    const { log } = this.#tools
    const { remoteAddress } = channel
    socket.on('error', ({ message: reason }) => log.debug({ remoteAddress, reason }, 'agent socket failed'))
    try {
      this.#greeting.add(socket)
      await this.#receive(socket, channel)
    } catch (error) {
      const { code, message, cause } = toWeftError(error)
      log.info({ remoteAddress, code, cause }, 'agent refused')
      refuse(socket, { type: 'error', code, message })
    } finally {
      this.#greeting.delete(socket)
    }
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Nobody comes in any more. */
  close(): void {
    this.#isClosed = true
    for (const socket of this.#greeting) socket.close(GOING_AWAY, 'draining')
  }

  async #receive(socket: WebSocket, channel: Channel): Promise<void> {
    if (this.#isClosed) throw new WeftError('unavailable', 'This controller is stopping.')
    const { state, catchUp, admit, welcome, bounds } = this.#tools
    const agent = await greet(socket, channel.binding, this.#tools)
    if (!bounds.sessions.take(agent.node)) return this.#turnAway(socket, agent, channel)
    if (isRemoved(state(), agent)) {
      // It may have joined again at another replica a moment ago.
      if (isRemoved(await catchUp(), agent)) return this.#dismiss(socket, agent)
    }
    const { remoteAddress } = channel
    const seenFrom = addressIn(remoteAddress)
    await admit(agent, seenFrom)
    // It may have been removed in the moment after it was let in.
    if (!state().nodes.has(agent.node)) return this.#dismiss(socket, agent)
    inOnePiece(channel, () => welcome(socket, agent, { remoteAddress, seenFrom }))
  }

  /** It waits longer from one time to the next, as for a controller that cannot serve it. Few lines are written of that, too. */
  #turnAway(socket: WebSocket, { node }: ProvenAgent, { remoteAddress }: Channel): void {
    const { bounds, log } = this.#tools
    const message = 'This node opens more than one session a second, for too long.'
    if (bounds.remarks.take(node)) log.warn({ remoteAddress, node }, 'agent turned away: it comes too often')
    refuse(socket, { type: 'error', code: 'unavailable', message })
  }

  /** Tells a removed node so, signed over this very handshake: it takes down what it had. */
  #dismiss(socket: WebSocket, { transcript }: ProvenAgent): void {
    const signature = signTranscript(this.#tools.signing, 'weft/1 farewell', transcript)
    refuse(socket, { type: 'farewell', signature })
  }
}

function isRemoved(state: State, { node, hello }: ProvenAgent): boolean {
  return state.removedNodes.has(node) && !hello.join
}

function refuse(socket: WebSocket, frame: ControllerFrame): void {
  if (socket.readyState !== socket.OPEN) return
  socket.send(encodeFrame(frame))
  socket.close(REFUSED, 'refused')
}

/** What is sent at once travels in one piece, which costs both ends less. */
function inOnePiece({ wire }: Channel, send: () => void): void {
  wire?.cork()
  try {
    send()
  } finally {
    wire?.uncork()
  }
}

/** The other end of a connection, where it is an address that others may see too. */
function addressIn(text: string): Address | undefined {
  try {
    return parseAddress(text.replace(/^::ffff:/, ''))
  } catch {
    return undefined
  }
}
