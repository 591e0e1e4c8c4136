import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { WeftError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'
import { connectPinned, type Place } from '../keys/pinned.ts'
import type { Random } from '../keys/random.ts'
import { toBase64Url } from '../keys/text.ts'
import {
  type AgentFrameOf,
  type ControllerFrame,
  type ControllerFrameOf,
  encodeFrame,
} from '../protocol/frames.ts'
import {
  AGENT_PATH,
  CHANNEL_BYTES,
  CHANNEL_LABEL,
  HANDSHAKE_LIMIT,
  NONCE_BYTES,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
  signTranscript,
  type Transcript,
  verifyTranscript,
} from '../protocol/handshake.ts'
import type { Enrolment } from './home.ts'
import { FrameStream } from './stream.ts'

export interface DialTools {
  readonly identity: Identity
  readonly random: Random
  /** Whether an `http:` URL may be used, in the clear. */
  readonly allowPlain: boolean
}

/** What the agent says once the controller has proven itself. */
export type Greeting = Pick<AgentFrameOf<'hello'>, 'join' | 'networks' | 'facts' | 'lanParts'>

/** An authenticated session; the first frame of `stream` is behind the `welcome`. */
export interface Connection {
  readonly socket: WebSocket
  /** What the websocket travels on. */
  readonly wire: Pick<Socket, 'bytesRead'>
  readonly stream: FrameStream
  readonly heartbeatSeconds: number
  /** Own end of the connection; undefined for one that is not by IP. */
  readonly localAddress: string | undefined
}

const CONNECT_LIMIT = 10_000
/** Milliseconds in the queue of a controller to which many come back at once: trying anew costs both ends more than waiting. */
const QUEUE_LIMIT = 20_000
/** A snapshot of 50,000 members has about 6 MB. Only the proven controller can send one. */
const MAX_FRAME = 67_108_864

/**
 * Opens a session: TLS to the pinned certificate, websocket, challenge and response both ways. Rejects with `unavailable`,
 * `identity-mismatch`, with what the controller refused for, or with `forbidden` if this node was removed for good.
 */
export async function dial(
  url: string,
  enrolment: Enrolment,
  greeting: Greeting,
  tools: DialTools,
): Promise<Connection> {
  const wire = await openWire(url, enrolment, tools.allowPlain)
  const channel = bindingOf(wire)
  const socket = new WebSocket(`ws://controller${AGENT_PATH}`, SUBPROTOCOL, {
    createConnection: () => wire,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    handshakeTimeout: HANDSHAKE_LIMIT,
  })
  const stream = new FrameStream(socket)
  try {
    await once(socket, 'open')
    const welcome = await shakeHands(socket, stream, { enrolment, greeting, channel, tools })
    const { localAddress } = wire
    return { socket, wire, stream, heartbeatSeconds: welcome.heartbeatSeconds, localAddress }
  } catch (cause) {
    socket.terminate()
    if (cause instanceof WeftError) throw cause
    throw new WeftError('unavailable', `No controller answers as one at ${url}.`, { cause })
  }
}

async function openWire(url: string, { fingerprint }: Enrolment, allowPlain: boolean): Promise<Socket> {
  const place = placeOf(url)
  if (!url.startsWith('http:')) return connectPinned(place, fingerprint, CONNECT_LIMIT, QUEUE_LIMIT)
  if (!allowPlain) {
    throw new WeftError('invalid-config', `${url} would send everything in the clear.`, {
      field: 'insecurePlainWebsocket',
      advice: 'Set insecurePlainWebsocket only if the wire itself is protected.',
    })
  }
  const socket = connect({ ...place, timeout: CONNECT_LIMIT })
  await once(socket, 'connect')
  return socket.setTimeout(0)
}

function placeOf(url: string): Place {
  if (url.startsWith('unix:')) return { path: url.slice('unix:'.length) }
  const { hostname, port, protocol } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (protocol === 'http:' ? 80 : 443)) }
}

function bindingOf(wire: Socket): Uint8Array {
  if (!(wire instanceof TLSSocket)) return new Uint8Array()
  return new Uint8Array(wire.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0)))
}

export interface Handshake {
  readonly enrolment: Pick<Enrolment, 'controllerKey'>
  readonly greeting: Greeting
  readonly channel: Uint8Array
  readonly tools: Pick<DialTools, 'identity' | 'random'>
}

/** The agent's side of the challenge and response; resolves with the `welcome`. Rejects as `dial` does. */
export async function shakeHands(
  socket: Pick<WebSocket, 'send'>,
  stream: FrameStream,
  { enrolment, greeting, channel, tools }: Handshake,
): Promise<ControllerFrameOf<'welcome'>> {
  const { signing, sealing } = tools.identity
  const agentNonce = toBase64Url(tools.random(NONCE_BYTES))
  const { publicKey: nodeKey } = signing
  socket.send(encodeFrame({ type: 'open', version: PROTOCOL_VERSION, nodeKey, nonce: agentNonce }))
  const challenge = expect(await stream.next(HANDSHAKE_LIMIT), 'challenge')
  const { controllerKey } = enrolment
  const transcript: Transcript = {
    nodeKey,
    controllerKey,
    agentNonce,
    controllerNonce: challenge.nonce,
    channel,
  }
  if (!verifyTranscript(controllerKey, 'weft/1 controller challenge', transcript, challenge.signature))
    throw impostor()
  const { publicKey: sealingKey } = sealing
  const signature = signTranscript(signing, 'weft/1 agent hello', transcript, sealingKey)
  const reads = { packed: true, lanParts: true, filterParts: true }
  socket.send(encodeFrame({ type: 'hello', signature, sealingKey, ...reads, ...greeting }))
  const answer = await stream.next(HANDSHAKE_LIMIT)
  if (answer.type === 'farewell') {
    if (verifyTranscript(controllerKey, 'weft/1 farewell', transcript, answer.signature)) throw removed()
    throw impostor()
  }
  return expect(answer, 'welcome')
}

function expect<Type extends ControllerFrame['type']>(
  frame: ControllerFrame,
  type: Type,
): Extract<ControllerFrame, { type: Type }> {
  if (frame.type === 'error') throw new WeftError(frame.code, frame.message)
  if (isOfType(frame, type)) return frame
  throw new WeftError('protocol-error', `A ${type} frame was due, not ${frame.type}.`)
}

function isOfType<Type extends ControllerFrame['type']>(
  frame: ControllerFrame,
  type: Type,
): frame is Extract<ControllerFrame, { type: Type }> {
  return frame.type === type
}

function impostor(): WeftError {
  return new WeftError('identity-mismatch', 'What answers does not hold the pinned controller key.', {
    advice: 'If the controller was made anew, join again with a token from it; else somebody is in between.',
  })
}

function removed(): WeftError {
  return new WeftError('forbidden', 'This node was removed from the controller.', {
    advice: 'If that was not meant, make a join token and start the agent with --join TOKEN.',
  })
}
