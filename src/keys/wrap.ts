import { createCipheriv, createDecipheriv } from 'node:crypto'
import { WeftError } from '../errors.ts'
import type { Random } from './random.ts'
import { SecretBytes } from './secret.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encryption at rest: AES-256-GCM with a random nonce and `place` (what the record is, its id and key version) as
 * associated data, so that two encryptions differ and a ciphertext moved elsewhere does not open.
 * Shape: nonce (12 bytes), tag (16 bytes), ciphertext.
 */
export function wrap(secret: SecretBytes, key: SecretBytes, place: string, random: Random): Uint8Array {
  const nonce = random(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key.expose(), nonce).setAAD(Buffer.from(place))
  const body = Buffer.concat([cipher.update(secret.expose()), cipher.final()])
  return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), body]))
}

/** What `wrap` hid. Throws `digest-mismatch` when key, place or bytes are not those. */
export function unwrap(wrapped: Uint8Array, key: SecretBytes, place: string): SecretBytes {
  const nonce = wrapped.subarray(0, NONCE_BYTES)
  const tag = wrapped.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
  try {
    const cipher = createDecipheriv('aes-256-gcm', key.expose(), nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(place)).setAuthTag(tag)
    const body = wrapped.subarray(NONCE_BYTES + TAG_BYTES)
    return new SecretBytes(Buffer.concat([cipher.update(body), cipher.final()]))
  } catch (cause) {
    const advice = 'Give the controller the wrapping key with which this store was made.'
    throw new WeftError('digest-mismatch', `The stored ${place} does not open with this key.`, {
      advice,
      cause,
    })
  }
}
