import { type EmptyBox, fillBox, makeBox, makeBoxes } from './seal.ts'
import { SecretBytes } from './secret.ts'
import {
  generateKeyPair,
  type KeyPair,
  PrivateKey,
  type PublicKey,
  publicKeyBytes,
  toPublicKey,
} from './wireguard.ts'

/** A WireGuard pair, as the log has it. */
export interface IssuedKey {
  readonly publicKey: PublicKey
  /** base64; the private key, sealed to its owner for one place. */
  readonly sealedKey: string
}

/**
 * A key for somebody that lacks only the place it is for: a fresh pair, and an empty box for it. All that takes long is
 * done, so it can be made ahead, and by somebody else.
 */
export interface KeyBlank {
  readonly pair: KeyPair
  readonly box: EmptyBox
}

/** Public key, private key, one-time public key, key of the box: 32 bytes each. */
const PART = 32
export const BLANK_BYTES = 4 * PART

/** One for each; many together cost less. */
export function makeBlanks(recipients: readonly PublicKey[]): KeyBlank[] {
  return makeBoxes(recipients).map((box) => ({ pair: generateKeyPair(), box }))
}

export function makeBlank(recipient: PublicKey): KeyBlank {
  return { pair: generateKeyPair(), box: makeBox(recipient) }
}

/** Makes a blank a key. It serves once: what is secret in it is forgotten. */
export function issueFrom({ pair, box }: KeyBlank, place: string): IssuedKey {
  const sealed = fillBox(box, pair.privateKey, place)
  pair.privateKey.forget()
  return { publicKey: pair.publicKey, sealedKey: Buffer.from(sealed).toString('base64') }
}

/** A key for whom and for what; the plaintext of its private half is nowhere else, and forgotten at once. */
export function issueKey(recipient: PublicKey, place: string): IssuedKey {
  return issueFrom(makeBlank(recipient), place)
}

export function forgetBlank({ pair, box }: KeyBlank): void {
  pair.privateKey.forget()
  box.key.forget()
}

/** Moves a blank into BLANK_BYTES bytes; it is forgotten where it was. */
export function packBlank(blank: KeyBlank, bytes: Uint8Array): void {
  const { pair, box } = blank
  const parts = [
    publicKeyBytes(pair.publicKey),
    pair.privateKey.expose(),
    box.oneTimePublic,
    box.key.expose(),
  ]
  for (const [at, part] of parts.entries()) bytes.set(part, at * PART)
  forgetBlank(blank)
}

/** Moves a blank out of BLANK_BYTES bytes, which are zeros afterwards. */
export function unpackBlank(bytes: Uint8Array, recipient: PublicKey): KeyBlank {
  const part = (at: number) => bytes.subarray(at * PART, (at + 1) * PART)
  const blank = {
    pair: { publicKey: toPublicKey(part(0)), privateKey: new PrivateKey(part(1)) },
    box: { recipient, oneTimePublic: Uint8Array.from(part(2)), key: new SecretBytes(part(3)) },
  }
  bytes.fill(0)
  return blank
}
