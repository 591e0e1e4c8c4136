import { hash } from 'node:crypto'
import { canonicalFields } from '../keys/fields.ts'
import { toBase64Url } from '../keys/text.ts'

const LANES = 1_024
const DIGEST_BYTES = 16

/** What a member of the set is, so that no bytes of one kind count as the other. */
export type SetDomain = 'weft/1 set member' | 'weft/1 set filter'
const RECORD: SetDomain = 'weft/1 set member'

/**
 * A digest of a set that is kept up to date by what comes and goes, in the time of the change and not of the set: LtHash
 * (Lewi, Kim, Maykov, Weis: Securing Update Propagation with Homomorphic Hashing, 2019; 1,024 lanes of 16 bits, at least
 * 128 bits of security). Each member of the set is stretched to 2 KB; the sum of all, lane by lane, is hashed.
 */
export class SetDigest {
  readonly #lanes = new Uint16Array(LANES)

  add(member: Uint8Array, domain: SetDomain = RECORD): void {
    const stretched = stretch(member, domain)
    for (let lane = 0; lane < LANES; lane++)
      this.#lanes[lane] = (this.#lanes[lane] ?? 0) + (stretched[lane] ?? 0)
  }

  remove(member: Uint8Array, domain: SetDomain = RECORD): void {
    const stretched = stretch(member, domain)
    for (let lane = 0; lane < LANES; lane++)
      this.#lanes[lane] = (this.#lanes[lane] ?? 0) - (stretched[lane] ?? 0)
  }

  /** 22 characters of base64url: the same for the same set, whatever the way to it. */
  value(): string {
    const bytes = new Uint8Array(this.#lanes.buffer)
    return shortDigest(bytes)
  }
}

/** 22 characters of base64url that tell one content from another. */
export function shortDigest(content: string | Uint8Array): string {
  return toBase64Url(hash('sha256', content, 'buffer').subarray(0, DIGEST_BYTES))
}

const STRETCH = { outputLength: LANES * 2, outputEncoding: 'buffer' } as const

function stretch(member: Uint8Array, domain: SetDomain): Uint16Array {
  const bytes = hash('shake256', canonicalFields(domain, member), STRETCH)
  if (bytes.byteOffset % 2 === 0) return new Uint16Array(bytes.buffer, bytes.byteOffset, LANES)
  return new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}
