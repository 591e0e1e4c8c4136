import { createHash } from 'node:crypto'
import { deriveBytes } from './derive.ts'
import { canonicalFields } from './fields.ts'
import { SecretBytes } from './secret.ts'
import { SigningKey, type VerifyKey } from './signature.ts'
import { fromBase32, fromBase64Url, isBase32Of, toBase32 } from './text.ts'
import { type KeyPair, PrivateKey, publicKeyOf } from './wireguard.ts'

declare const brand: unique symbol
/** What a node is called by programs: 26 characters of base32, the first 16 bytes of a hash of its Ed25519 key. */
export type NodeId = string & { readonly [brand]: 'NodeId' }

export const SEED_BYTES = 32
const NODE_ID_BYTES = 16

/** All that a node is, from one 32-byte seed: HKDF-SHA256 (RFC 5869) with a label for each role, so no key has two. */
export class Identity {
  readonly id: NodeId
  readonly signing: SigningKey
  /** X25519, for what is sealed to the node. */
  readonly sealing: KeyPair
  readonly #seed: SecretBytes

  constructor(seed: SecretBytes) {
    if (seed.expose().length !== SEED_BYTES) throw new RangeError('an identity seed is 32 bytes')
    this.#seed = seed
    this.signing = new SigningKey(new SecretBytes(this.#derive('identity')))
    this.sealing = pairOf(this.#derive('sealing'))
    this.id = nodeIdOf(this.signing.publicKey)
  }

  /** The member key of custody `node`: the same again after a wipe, another for each network and key version. */
  memberKey(network: string, keyVersion: number): KeyPair {
    return pairOf(this.#derive('member', network, String(keyVersion)))
  }

  #derive(...label: string[]): Uint8Array {
    return deriveBytes(this.#seed.expose(), ...label)
  }
}

/** The id that belongs to a node's public key. */
export function nodeIdOf(publicKey: VerifyKey): NodeId {
  const hash = createHash('sha256').update(canonicalFields('weft/1 node id', publicKey)).digest()
  return toBase32(hash.subarray(0, NODE_ID_BYTES)) as NodeId
}

/** `text` as a node id, or undefined when it does not have that form. */
export function parseNodeId(text: string): NodeId | undefined {
  return isBase32Of(NODE_ID_BYTES, text) ? (text as NodeId) : undefined
}

export function nodeIdBytes(id: NodeId): Uint8Array {
  return fromBase32(id) ?? new Uint8Array(NODE_ID_BYTES)
}

/** 16 bytes as a node id. */
export function toNodeId(bytes: Uint8Array): NodeId {
  return toBase32(bytes) as NodeId
}

/** A seed as people and files keep it: 43 characters of base64url. Undefined when `text` is not that. */
export function parseSeed(text: string): SecretBytes | undefined {
  const bytes = fromBase64Url(text.trim())
  return bytes?.length === SEED_BYTES ? new SecretBytes(bytes) : undefined
}

function pairOf(bytes: Uint8Array): KeyPair {
  const privateKey = new PrivateKey(bytes)
  return { publicKey: publicKeyOf(privateKey), privateKey }
}
