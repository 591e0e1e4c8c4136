import { canonicalFields } from '../keys/fields.ts'
import { type SigningKey, type VerifyKey, verifySignature } from '../keys/signature.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'

/** Version of the protocol; both ends name it in what they sign, so that neither can be talked down. */
export const PROTOCOL_VERSION = 1
export const SUBPROTOCOL = 'weft.agent.v1'
export const AGENT_PATH = '/agent/v1'
/** Close code (RFC 6455 section 7.4.2) of a session in whose place the same node has opened another. */
export const REPLACED = 4_001
export const NONCE_BYTES = 32
/** A handshake has this many ms from the opening of the socket; nonces die with it. */
export const HANDSHAKE_LIMIT = 5_000
/** Label of the TLS channel binding (RFC 9266), `exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL)`. */
export const CHANNEL_LABEL = 'EXPORTER-Channel-Binding'
export const CHANNEL_BYTES = 32

/** All that both ends saw of their handshake; whatever one of them saw otherwise makes the signatures fail. */
export interface Transcript {
  readonly nodeKey: VerifyKey
  readonly controllerKey: VerifyKey
  /** base64url, NONCE_BYTES each. */
  readonly agentNonce: string
  readonly controllerNonce: string
  /** The TLS channel binding; empty without TLS. */
  readonly channel: Uint8Array
}

type Purpose = 'weft/1 controller challenge' | 'weft/1 agent hello' | 'weft/1 farewell'

/** @param extra what else the signer vouches for, such as its sealing key */
export function signTranscript(key: SigningKey, purpose: Purpose, seen: Transcript, extra = ''): string {
  return toBase64Url(key.sign(purpose, transcriptBytes(seen, extra)))
}

export function verifyTranscript(
  key: VerifyKey,
  purpose: Purpose,
  seen: Transcript,
  signature: string,
  extra = '',
): boolean {
  const bytes = fromBase64Url(signature)
  return bytes !== undefined && verifySignature(key, purpose, transcriptBytes(seen, extra), bytes)
}

function transcriptBytes(seen: Transcript, extra: string): Uint8Array {
  return canonicalFields(
    'weft/1 transcript',
    String(PROTOCOL_VERSION),
    seen.nodeKey,
    seen.controllerKey,
    seen.agentNonce,
    seen.controllerNonce,
    seen.channel,
    extra,
  )
}
