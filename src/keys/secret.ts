import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/** Bytes that must not be seen: prints as `[redacted]` and refuses JSON. Only `expose` gives them out. */
export class SecretBytes {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes)
  }

  /** The bytes themselves. Call it where they are used, and let the result go out of scope there. */
  expose(): Uint8Array {
    return this.#bytes
  }

  /** Overwrites the bytes with zeros; the object is useless afterwards. */
  forget(): void {
    this.#bytes.fill(0)
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
