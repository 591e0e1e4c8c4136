import { once } from 'node:events'
import type { WebSocket } from 'ws'
import { WeftError } from '../../errors.ts'
import { type NodeId, nodeIdOf } from '../../keys/identity.ts'
import type { Random } from '../../keys/random.ts'
import { parseVerifyKey, type SigningKey, type VerifyKey } from '../../keys/signature.ts'
import { fromBase64Url, toBase64Url } from '../../keys/text.ts'
import { type PublicKey, parsePublicKey } from '../../keys/wireguard.ts'
import { type AgentFrame, type AgentFrameOf, encodeFrame, parseAgentFrame } from '../../protocol/frames.ts'
import {
  HANDSHAKE_LIMIT,
  NONCE_BYTES,
  PROTOCOL_VERSION,
  signTranscript,
  type Transcript,
  verifyTranscript,
} from '../../protocol/handshake.ts'

/** A peer that has proven to hold a node's key, with what it said about itself. */
export interface ProvenAgent {
  readonly node: NodeId
  readonly key: VerifyKey
  readonly sealingKey: PublicKey
  readonly hello: AgentFrameOf<'hello'>
  readonly transcript: Transcript
}

interface GreetingTools {
  readonly signing: SigningKey
  readonly random: Random
}

/**
 * The controller's side of the challenge and response: `open`, `challenge`, `hello`. The controller proves itself first,
 * so that an agent shows its join secret to nobody else. Rejects with `protocol-error` or `identity-mismatch`, also after
 * HANDSHAKE_LIMIT ms; the nonce dies with the call.
 */
export async function greet(
  socket: WebSocket,
  channel: Uint8Array,
  tools: GreetingTools,
): Promise<ProvenAgent> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), HANDSHAKE_LIMIT).unref()
  try {
    return await shakeHands(socket, channel, { ...tools, signal: limit.signal })
  } finally {
    // Nothing is kept of those who were refused, not even until then.
    clearTimeout(timer)
  }
}

async function shakeHands(
  socket: WebSocket,
  channel: Uint8Array,
  { signal, ...tools }: GreetingTools & { readonly signal: AbortSignal },
): Promise<ProvenAgent> {
  const open = await receive(socket, 'open', signal)
  const key = parseVerifyKey(open.nodeKey)
  if (open.version !== PROTOCOL_VERSION) {
    const message = `This controller speaks version ${PROTOCOL_VERSION} of the protocol, the agent ${open.version}.`
    throw new WeftError('protocol-error', message, { advice: 'Run the same release of Weft on both.' })
  }
  if (!key || fromBase64Url(open.nonce)?.length !== NONCE_BYTES) throw malformed()
  const transcript: Transcript = {
    nodeKey: key,
    controllerKey: tools.signing.publicKey,
    agentNonce: open.nonce,
    controllerNonce: toBase64Url(tools.random(NONCE_BYTES)),
    channel,
  }
  const signature = signTranscript(tools.signing, 'weft/1 controller challenge', transcript)
  const { controllerNonce: nonce, controllerKey } = transcript
  socket.send(encodeFrame({ type: 'challenge', nonce, key: controllerKey, signature }))
  return prove(transcript, await receive(socket, 'hello', signal))
}

function prove(transcript: Transcript, hello: AgentFrameOf<'hello'>): ProvenAgent {
  const { nodeKey: key } = transcript
  const sealingKey = parsePublicKey(hello.sealingKey)
  if (!sealingKey) throw malformed()
  if (!verifyTranscript(key, 'weft/1 agent hello', transcript, hello.signature, sealingKey)) {
    throw new WeftError('identity-mismatch', 'The agent does not hold the key it named.')
  }
  return { node: nodeIdOf(key), key, sealingKey, hello, transcript }
}

/** The next frame, which must be of this type. */
async function receive<Type extends AgentFrame['type']>(
  socket: WebSocket,
  type: Type,
  signal: AbortSignal,
): Promise<AgentFrameOf<Type>> {
  const [data] = await once(socket, 'message', { signal }).catch((cause: unknown) => {
    throw new WeftError('protocol-error', 'The agent did not finish the handshake in time.', { cause })
  })
  return expectFrame(String(data), type)
}

function expectFrame<Type extends AgentFrame['type']>(text: string, type: Type): AgentFrameOf<Type> {
  const frame = parseAgentFrame(text)
  if (isOfType(frame, type)) return frame
  throw new WeftError('protocol-error', `A ${type} frame was due, not ${frame.type}.`)
}

function isOfType<Type extends AgentFrame['type']>(
  frame: AgentFrame,
  type: Type,
): frame is AgentFrameOf<Type> {
  return frame.type === type
}

function malformed(): WeftError {
  return new WeftError('protocol-error', 'The handshake does not have the form it should have.')
}
