import Type from 'typebox'
import { Value } from 'typebox/value'
import { WeftError } from '../errors.ts'
import { canonicalFields } from '../keys/fields.ts'
import { type SigningKey, type VerifyKey, verifySignature } from '../keys/signature.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'
import type { Head } from './log.ts'

/** The word of a controller that its log stood there. Kept elsewhere, it shows an end that was cut off, and an old backup. */
export interface SignedHead extends Head {
  readonly epoch: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** base64url */
  readonly signature: string
}

export function signHead(
  head: Head,
  { epoch, at }: { epoch: number; at: number },
  key: SigningKey,
): SignedHead {
  const { sequence, hash } = head
  const signature = toBase64Url(key.sign('weft/1 log head', bodyOf({ sequence, hash, epoch, at })))
  return { sequence, hash, epoch, at, signature }
}

/** Throws `log-damaged` when the controller of this log did not sign it. */
export function checkSignedHead(head: SignedHead, publicKey: VerifyKey): void {
  const signature = fromBase64Url(head.signature) ?? new Uint8Array()
  if (verifySignature(publicKey, 'weft/1 log head', bodyOf(head), signature)) return
  throw new WeftError('log-damaged', 'The head that was kept was not signed by the controller of this log.', {
    advice: 'Give the one that belongs to this log.',
  })
}

/** What stands in a file with a signed head. Throws `log-damaged` when it is none. */
export function parseSignedHead(text: string, file: string): SignedHead {
  try {
    return Value.Parse(schema, JSON.parse(text))
  } catch (cause) {
    throw new WeftError('log-damaged', 'The head that was kept cannot be read.', {
      advice: `Use another copy of ${file}, or move it away: then nobody can tell whether the end of the log is missing. A controller that keeps it writes it anew when it starts.`,
      cause,
    })
  }
}

const schema = Type.Object({
  sequence: Type.Integer({ minimum: 0 }),
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  epoch: Type.Integer({ minimum: 0 }),
  at: Type.Integer({ minimum: 0 }),
  signature: Type.String(),
})

function bodyOf({ sequence, hash, epoch, at }: Omit<SignedHead, 'signature'>): Uint8Array {
  const numbers = [sequence, epoch, at].map(String)
  return canonicalFields('weft/1 log head', Buffer.from(hash, 'hex'), ...numbers)
}
