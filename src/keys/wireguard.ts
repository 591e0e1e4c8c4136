import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import nacl from 'tweetnacl'
import { readPublicKey } from './public.ts'
import type { Random } from './random.ts'
import { SecretBytes } from './secret.ts'

declare const brand: unique symbol
/** A WireGuard (Curve25519) public key: 32 bytes as 44 characters of base64, the form `wg` reads and prints. */
export type PublicKey = string & { readonly [brand]: 'PublicKey' }

/** A WireGuard private key: 32 clamped bytes. */
export class PrivateKey extends SecretBytes {
  /** @param bytes 32 bytes; clamped here (RFC 7748 section 5), because the kernel does it and tweetnacl does not. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== nacl.box.secretKeyLength) throw new RangeError('a private key is 32 bytes')
    const clamped = clamp(bytes)
    super(clamped)
    clamped.fill(0)
  }
}

export interface KeyPair {
  readonly publicKey: PublicKey
  readonly privateKey: PrivateKey
}

/** A fresh pair. */
export function createKeyPair(random: Random): KeyPair {
  const privateKey = new PrivateKey(random(nacl.box.secretKeyLength))
  return { publicKey: publicKeyOf(privateKey), privateKey }
}

/** A fresh pair by node:crypto's own generator, in half the time. */
export function generateKeyPair(): KeyPair {
  const pair = generateKeyPairSync('x25519')
  const secret = secretOf(pair.privateKey)
  const privateKey = new PrivateKey(secret)
  secret.fill(0)
  return { publicKey: toPublicKey(curvePublic(pair.publicKey)), privateKey }
}

/** The public half of `privateKey`. */
export function publicKeyOf(privateKey: PrivateKey): PublicKey {
  return toPublicKey(curvePublic(curveKey(privateKey.expose())))
}

/** `text` as a public key, or undefined when it is not 32 bytes in canonical base64. */
export function parsePublicKey(text: string): PublicKey | undefined {
  if (text.length !== 44) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === 32 && bytes.toString('base64') === text ? (text as PublicKey) : undefined
}

/** Whether secrets can be shared with this key: not with the few of low order, for which all secrets are the same. */
export function canShare(publicKey: PublicKey): boolean {
  try {
    curveShared(curveKey(clamp(new Uint8Array(32).fill(1))), publicKeyBytes(publicKey))
    return true
  } catch {
    return false
  }
}

/** 32 bytes as a public key; the caller knows that there are 32. */
export function toPublicKey(bytes: Uint8Array): PublicKey {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') as PublicKey
}

export function publicKeyBytes(publicKey: PublicKey): Uint8Array {
  return new Uint8Array(Buffer.from(publicKey, 'base64'))
}

function clamp(bytes: Uint8Array): Uint8Array {
  const clamped = Uint8Array.from(bytes)
  clamped[0] = (clamped[0] ?? 0) & 248
  clamped[31] = ((clamped[31] ?? 0) & 127) | 64
  return clamped
}

/** DER in front of a raw X25519 secret (RFC 8410); as JWK it would become a string, which nobody can wipe. */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** `nacl.scalarMult.base` by node:crypto: the same bytes, some 20 times as fast (a test compares them). */
export function curvePublic(key: KeyObject): Uint8Array {
  const half = key.type === 'public' ? key : createPublicKey(key)
  // OpenSSL writes DER ten times slower than this.
  const { x } = half.export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(String(x), 'base64url'))
}

/** `nacl.scalarMult` by node:crypto. Throws on a public key of low order. */
export function curveShared(key: KeyObject, publicKey: Uint8Array): Uint8Array {
  return new Uint8Array(diffieHellman({ privateKey: key, publicKey: readPublicKey('x25519', publicKey) }))
}

/** As bytes, which can be wiped: as JWK they would be a string. */
function secretOf(key: KeyObject): Buffer {
  if (READS_RAW_KEYS) return key.export({ format: 'raw-private' })
  return key.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_X25519.length)
}

/** Later releases of Node 24 give keys as they are, which costs a tenth of what DER does. */
const READS_RAW_KEYS = readsRawKeys()

function readsRawKeys(): boolean {
  try {
    return generateKeyPairSync('x25519').privateKey.export({ format: 'raw-private' }).length === 32
  } catch {
    return false
  }
}

/** A clamped secret for the two above. Making it costs more than either of them, so make it once. */
export function curveKey(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_X25519, secret]), format: 'der', type: 'pkcs8' })
}
