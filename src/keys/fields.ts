/**
 * Canonical bytes for what is signed or hashed: a domain separator, then each field behind its length (unsigned 32-bit,
 * big-endian). Two different lists of fields never give the same bytes, which plain concatenation does not promise.
 */
export function canonicalFields(domain: string, ...fields: readonly (Uint8Array | string)[]): Uint8Array {
  const parts = [domain, ...fields].map((field) => Buffer.from(field))
  const bytes = Buffer.alloc(parts.reduce((total, part) => total + 4 + part.length, 0))
  let at = 0
  for (const part of parts) {
    at = bytes.writeUInt32BE(part.length, at)
    at += part.copy(bytes, at)
  }
  return bytes
}
