import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { deriveBytes } from './derive.ts'
import { canonicalFields } from './fields.ts'
import { readPublicKey } from './public.ts'
import { SecretBytes } from './secret.ts'
import { fromBase64Url, toBase64Url } from './text.ts'

/** DER in front of the 32 raw bytes (RFC 8410): node:crypto takes keys in this form only. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

declare const brand: unique symbol
/** An Ed25519 public key (RFC 8032): 32 bytes as 43 characters of base64url. */
export type VerifyKey = string & { readonly [brand]: 'VerifyKey' }

/** What is signed under which key; every purpose has its own, so that no signature serves for another. */
export type SigningDomain =
  | 'weft/1 controller challenge'
  | 'weft/1 agent hello'
  | 'weft/1 head'
  | 'weft/1 delta'
  | 'weft/1 self'
  | 'weft/1 removal'
  | 'weft/1 witness'
  | 'weft/1 farewell'
  | 'weft/1 log head'
  | 'weft/1 log snapshot'

/** What secrets that follow from a signing key are for. */
export type DerivedPurpose = 'groups'

/** Ed25519 signer. node:crypto signs about 100 times as fast as tweetnacl, with the same keys and the same bytes. */
export class SigningKey {
  readonly publicKey: VerifyKey
  readonly #key: KeyObject

  /** @param seed 32 bytes, as in RFC 8032 section 5.1.5 */
  constructor(seed: SecretBytes) {
    this.#key = createPrivateKey({
      key: Buffer.concat([PKCS8_ED25519, seed.expose()]),
      format: 'der',
      type: 'pkcs8',
    })
    const spki = createPublicKey(this.#key).export({ format: 'der', type: 'spki' })
    this.publicKey = toBase64Url(spki.subarray(SPKI_ED25519.length)) as VerifyKey
  }

  /** The 64-byte signature over `body` in `domain`. */
  sign(domain: SigningDomain, body: Uint8Array): Uint8Array {
    return sign(null, canonicalFields(domain, body), this.#key)
  }

  /** A secret for something else than signing: wherever this key is, it is the same. */
  derive(purpose: DerivedPurpose): SecretBytes {
    const seed = this.#key.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_ED25519.length)
    return new SecretBytes(deriveBytes(seed, purpose))
  }
}

/** `text` as a public key, or undefined when it is not 32 bytes of canonical base64url. */
export function parseVerifyKey(text: string): VerifyKey | undefined {
  return fromBase64Url(text)?.length === 32 ? (text as VerifyKey) : undefined
}

/** Whether `signature` is that of `publicKey` over `body` in `domain`. Never throws. */
export function verifySignature(
  publicKey: VerifyKey,
  domain: SigningDomain,
  body: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(null, canonicalFields(domain, body), verifierOf(publicKey), signature)
  } catch {
    return false
  }
}

/** An agent verifies under one key, a controller under each node's. */
const PARSED_LIMIT = 1_024
const parsed = new Map<VerifyKey, KeyObject>()

function verifierOf(publicKey: VerifyKey): KeyObject {
  const known = parsed.get(publicKey)
  if (known) return known
  const key = readPublicKey('ed25519', Buffer.from(publicKey, 'base64url'))
  if (parsed.size >= PARSED_LIMIT) parsed.clear()
  parsed.set(publicKey, key)
  return key
}
