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
  readonly #lanes: Uint16Array

  /** @param of the same set as that one */
  constructor(of?: SetDigest) {
    this.#lanes = of ? of.#lanes.slice() : new Uint16Array(LANES)
  }

  add(member: Uint8Array, domain: SetDomain = RECORD): void {
    const more = stretch(member, domain)
    for (let lane = 0; lane < LANES; lane++) this.#lanes[lane] = (this.#lanes[lane] ?? 0) + (more[lane] ?? 0)
  }

  remove(member: Uint8Array, domain: SetDomain = RECORD): void {
    const less = stretch(member, domain)
    for (let lane = 0; lane < LANES; lane++) this.#lanes[lane] = (this.#lanes[lane] ?? 0) - (less[lane] ?? 0)
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

const STRETCH = { outputLength: LANES * 2, outputEncoding: 'binary' } as const
const stretched = new Uint16Array(LANES)
const stretchedBytes = Buffer.from(stretched.buffer)

/**
 * Gives the same array each time. The bytes come as a text: as a buffer each would be memory outside the heap, and thousands
 * of these make V8 stop and collect all that there is.
 */
function stretch(member: Uint8Array, domain: SetDomain): Uint16Array {
  stretchedBytes.write(hash('shake256', canonicalFields(domain, member), STRETCH), 'latin1')
  return stretched
}
