import { hkdfSync } from 'node:crypto'
import { canonicalFields } from './fields.ts'

const BYTES = 32

/** 32 bytes from a secret of 32, by HKDF-SHA256 (RFC 5869): others for each label, and none tells anything of the secret. */
export function deriveBytes(secret: Uint8Array, ...label: readonly string[]): Uint8Array {
  const info = canonicalFields('weft/1 derive', ...label)
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), info, BYTES))
}
