import type { Random } from '../keys/random.ts'
import type { SecretBytes } from '../keys/secret.ts'
import { unwrap, wrap } from '../keys/wrap.ts'

/** Secrets that the controller needs again, and that lie in the log encrypted with its wrapping key. */
export class Vault {
  readonly #key: SecretBytes
  readonly #random: Random

  constructor(key: SecretBytes, random: Random) {
    this.#key = key
    this.#random = random
  }

  /** @param place what it is and of what; it opens at this place only. Result in base64 */
  seal(secret: SecretBytes, place: string): string {
    return Buffer.from(wrap(secret, this.#key, place, this.#random)).toString('base64')
  }

  /** Throws `digest-mismatch` when it was not sealed here for this place. */
  open(sealed: string, place: string): SecretBytes {
    return unwrap(new Uint8Array(Buffer.from(sealed, 'base64')), this.#key, place)
  }
}
