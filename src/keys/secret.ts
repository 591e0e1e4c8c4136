import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/** Bytes that must not be seen: prints as `[redacted]` and refuses JSON. Only `expose` gives them out. */
export class SecretBytes {
  readonly #bytes: Uint8Array
  #isForgotten = false

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes)
  }

  /** The bytes themselves. Call it where they are used, and let the result go out of scope there. */
  expose(): Uint8Array {
    // Zeros would serve as a key as well as any other bytes.
    if (this.#isForgotten) throw new TypeError('a secret was used after it had been forgotten')
    return this.#bytes
  }

  /** Overwrites the bytes with zeros; to use it afterwards is an error. */
  forget(): void {
    this.#bytes.fill(0)
    this.#isForgotten = true
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): never {
    throw new TypeError('a secret cannot be turned into JSON')
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
