/** Text forms of bytes. base32 is RFC 4648 in lower case without padding: safe in names, URLs and file names. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** `bytes` as lower-case base32 without padding; 5 bytes give 8 characters. */
export function toBase32(bytes: Uint8Array): string {
  // Not character by character: such a text is put together anew by whoever looks something up by it.
  const codes = Buffer.alloc(Math.ceil((bytes.length * 8) / 5))
  let held = 0
  let bits = 0
  let at = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      codes[at++] = ALPHABET.charCodeAt((held >> bits) & 31)
    }
  }
  if (bits > 0) codes[at] = ALPHABET.charCodeAt((held << (5 - bits)) & 31)
  return codes.toString('latin1')
}

/** The bytes of a canonical base32 text as `toBase32` writes it, or undefined when it is anything else. */
export function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let held = 0
  let bits = 0
  let at = 0
  for (const character of text) {
    const value = ALPHABET.indexOf(character)
    if (value < 0) return undefined
    held = ((held << 5) | value) & 0xffff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (held >> bits) & 0xff
  }
  return toBase32(bytes) === text ? bytes : undefined
}

const BASE32 = /^[a-z2-7]*$/

/** Whether `fromBase32` would give so many bytes, for those who need the answer only: the bits left at the end are zeros. */
export function isBase32Of(length: number, text: string): boolean {
  const letters = Math.ceil((length * 8) / 5)
  if (text.length !== letters || !BASE32.test(text)) return false
  const spare = letters * 5 - length * 8
  return (ALPHABET.indexOf(text.charAt(letters - 1)) & ((1 << spare) - 1)) === 0
}

export function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** The bytes of a canonical, unpadded base64url text (RFC 4648 section 5), or undefined when it is anything else. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? new Uint8Array(bytes) : undefined
}

/** The same of many, in one piece of memory, for each would be one outside the heap; empty where a text is anything else. */
export function allFromBase64Url(texts: readonly string[]): Uint8Array[] {
  const total = texts.reduce((sum, text) => sum + Buffer.byteLength(text, 'base64url'), 0)
  const bytes = Buffer.allocUnsafeSlow(total)
  let at = 0
  return texts.map((text) => {
    const end = at + bytes.write(text, at, 'base64url')
    const isCanonical = bytes.toString('base64url', at, end) === text
    const one = new Uint8Array(bytes.buffer, at, isCanonical ? end - at : 0)
    at = end
    return one
  })
}
