import { createPublicKey, type KeyObject } from 'node:crypto'

/** DER in front of 32 raw bytes (RFC 8410), in base64: it ends at a whole character, so the key follows as a text. */
const SPKI = { ed25519: 'MCowBQYDK2VwAyEA', x25519: 'MCowBQYDK2VuAyEA' } as const

/**
 * A public key for node:crypto. As PEM in one text: Node reads that three times as fast as any other form, for of an object it
 * first finds out by exceptions that it is no key already. Throws on what is none; of what is too long Node reads the beginning.
 *
 * @param key 32 bytes
 */
export function readPublicKey(kind: keyof typeof SPKI, key: Uint8Array): KeyObject {
  if (key.length !== 32) throw new RangeError('A public key has 32 bytes.')
  const text = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64')
  return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${SPKI[kind]}${text}\n-----END PUBLIC KEY-----`)
}
