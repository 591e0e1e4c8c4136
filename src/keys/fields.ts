/**
 * Canonical bytes for what is signed or hashed: a domain separator, then each field behind its length (unsigned 32-bit,
 * big-endian). Two different lists of fields never give the same bytes, which plain concatenation does not promise.
 */
export function canonicalFields(domain: string, ...fields: readonly (Uint8Array | string)[]): Uint8Array {
  const parts = [domain, ...fields]
  let length = 0
  for (const part of parts)
    length += LENGTH_BYTES + (typeof part === 'string' ? Buffer.byteLength(part) : part.length)
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const part of parts) {
    const size = put(bytes, part, at + LENGTH_BYTES)
    bytes.writeUInt32BE(size, at)
    at += LENGTH_BYTES + size
  }
  return bytes
}

const LENGTH_BYTES = 4

/** @returns how many bytes that was */
function put(bytes: Buffer, part: Uint8Array | string, at: number): number {
  if (typeof part === 'string') return bytes.write(part, at)
  bytes.set(part, at)
  return part.length
}
