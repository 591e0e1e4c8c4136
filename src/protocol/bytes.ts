import { WeftError } from '../errors.ts'

/** Writes canonical bytes: fixed fields raw, numbers as LEB128 varints, lists behind their length. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = []

  /** @param value an integer from 0 to 2^53 - 1 */
  number(value: number): this {
    const bytes: number[] = []
    let rest = value
    while (rest >= 128) {
      bytes.push((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
    return this.raw(Uint8Array.from(bytes))
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes)
    return this
  }

  /** Bytes behind their length. */
  block(bytes: Uint8Array): this {
    return this.number(bytes.length).raw(bytes)
  }

  text(text: string): this {
    return this.block(new TextEncoder().encode(text))
  }

  finish(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts))
  }
}

/** Making one costs more than what it is used for. */
const UTF8 = new TextDecoder('utf-8', { fatal: false })

/** Reads what ByteWriter wrote. Anything else, even a longer form of a number or a byte too many, is `protocol-error`. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** @param most the largest value that makes sense */
  number(most: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.#byte()
      value += (byte & 127) * factor
      if (byte >= 128) continue
      if (byte === 0 && factor > 1) throw malformed()
      if (value > most) throw malformed()
      return value
    }
    throw malformed()
  }

  raw(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw malformed()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  block(): Uint8Array {
    return this.raw(this.number())
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at)
  }

  text(): string {
    return UTF8.decode(this.block())
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw malformed()
    this.#at += 1
    return byte
  }

  /** Whether anything is left. */
  get hasMore(): boolean {
    return this.#at < this.#bytes.length
  }

  /** Says that nothing may be left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed()
  }
}

function malformed(): WeftError {
  return new WeftError('protocol-error', 'A signed body does not have the form it should have.')
}
