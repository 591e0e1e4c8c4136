import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import nacl from 'tweetnacl'
import { WeftError } from '../errors.ts'
import { canonicalFields } from './fields.ts'
import { SecretBytes } from './secret.ts'
import {
  curveKey,
  curvePublic,
  curveShared,
  type PrivateKey,
  type PublicKey,
  publicKeyBytes,
} from './wireguard.ts'

/**
 * A sealed box: only the holder of the recipient's private key can open it, and not even its maker can once the one-time
 * key is forgotten. One-time public key (32 bytes), then NaCl's crypto_box of the message. The shared secret comes from
 * node:crypto, the rest from tweetnacl: `nacl.box.open` reads it (a test does).
 *
 * @param place what the secret is for (network, node, version); the box opens only for the same place
 */
export function seal(secret: SecretBytes, recipient: PublicKey, place: string): Uint8Array {
  return fillBox(makeBox(recipient), secret, place)
}

/** A sealed box that is empty yet. All that takes long is done, and does not depend on what will be in it. */
export interface EmptyBox {
  readonly recipient: PublicKey
  readonly oneTimePublic: Uint8Array
  /** What the content is encrypted with. */
  readonly key: SecretBytes
}

export function makeBox(recipient: PublicKey): EmptyBox {
  return boxBy(oneTimePair(), recipient)
}

/**
 * A box for each. A one-time key serves many recipients, but none twice, so no box key is ever used again; that spares a
 * third of the work. It tells none of them anything about another's box: M. Bellare, A. Boldyreva, J. Staddon, "Randomness
 * Re-use in Multi-recipient Encryption Schemes", PKC 2003.
 */
export function makeBoxes(recipients: readonly PublicKey[]): EmptyBox[] {
  let pair = oneTimePair()
  const served = new Set<PublicKey>()
  return recipients.map((recipient) => {
    if (served.has(recipient)) {
      pair = oneTimePair()
      served.clear()
    }
    served.add(recipient)
    return boxBy(pair, recipient)
  })
}

/** By node:crypto's own generator, so the secret half never leaves it. */
function oneTimePair() {
  return generateKeyPairSync('x25519')
}

function boxBy({ publicKey, privateKey }: ReturnType<typeof oneTimePair>, recipient: PublicKey): EmptyBox {
  const key = boxKey(privateKey, publicKeyBytes(recipient))
  const box = { recipient, oneTimePublic: curvePublic(publicKey), key: new SecretBytes(key) }
  key.fill(0)
  return box
}

/** Puts a secret into a box, as `seal` does it. It can be filled once: its key is forgotten. */
export function fillBox({ recipient, oneTimePublic, key }: EmptyBox, secret: SecretBytes, place: string) {
  const nonce = nonceOf(oneTimePublic, publicKeyBytes(recipient), place)
  const box = nacl.box.after(secret.expose(), nonce, key.expose())
  key.forget()
  return new Uint8Array(Buffer.concat([oneTimePublic, box]))
}

/** The secret in `sealed`, made by `seal` for this key and place. Throws `digest-mismatch` when it is not that. */
export function openSeal(
  sealed: Uint8Array,
  key: PrivateKey,
  recipient: PublicKey,
  place: string,
): SecretBytes {
  const oneTimePublic = sealed.subarray(0, nacl.box.publicKeyLength)
  const secret = tryOpen(sealed, oneTimePublic, key, recipient, place)
  if (!secret) throw new WeftError('digest-mismatch', 'A sealed key was not made for this node and place.')
  return new SecretBytes(secret)
}

function tryOpen(
  sealed: Uint8Array,
  oneTimePublic: Uint8Array,
  key: PrivateKey,
  recipient: PublicKey,
  place: string,
): Uint8Array | undefined {
  if (sealed.length < nacl.box.publicKeyLength + nacl.box.overheadLength) return undefined
  try {
    const nonce = nonceOf(oneTimePublic, publicKeyBytes(recipient), place)
    const box = sealed.subarray(nacl.box.publicKeyLength)
    return nacl.box.open.after(box, nonce, boxKey(curveKey(key.expose()), oneTimePublic)) ?? undefined
  } catch {
    return undefined
  }
}

/** The one-time key is used once, so the nonce may be derived; deriving it from the place binds the box to that. */
function nonceOf(oneTimePublic: Uint8Array, recipient: Uint8Array, place: string): Uint8Array {
  const bytes = canonicalFields('weft/1 seal', oneTimePublic, recipient, place)
  return new Uint8Array(createHash('sha256').update(bytes).digest().subarray(0, nacl.box.nonceLength))
}

/** crypto_box_beforenm: HSalsa20 over the shared point, as `nacl.box.before` does it. */
function boxKey(key: KeyObject, publicKey: Uint8Array): Uint8Array {
  const box = new Uint8Array(nacl.box.sharedKeyLength)
  const constant = new TextEncoder().encode('expand 32-byte k')
  const shared = curveShared(key, publicKey)
  hsalsa20(box, new Uint8Array(16), shared, constant)
  shared.fill(0)
  return box
}

/** tweetnacl has it, and its types leave it out. */
interface LowLevel {
  crypto_core_hsalsa20(out: Uint8Array, input: Uint8Array, key: Uint8Array, constant: Uint8Array): number
}
const { crypto_core_hsalsa20: hsalsa20 } = (nacl as unknown as { lowlevel: LowLevel }).lowlevel
