import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from './random.ts'
import { SecretBytes } from './secret.ts'
import { toBase64Url } from './text.ts'

/** 256 random bits: no guess and no dictionary reaches them, so one SHA-256 is enough to store them by. */
const BEARER_BYTES = 32

/** A secret that proves a right by being shown; only its hash is stored. */
export function createBearer(random: Random): SecretBytes {
  return new SecretBytes(Buffer.from(toBase64Url(random(BEARER_BYTES))))
}

/** SHA-256 of a bearer secret, in hex: what is stored and looked up. */
export function bearerHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function secretHash(secret: SecretBytes): string {
  return bearerHash(Buffer.from(secret.expose()).toString())
}

/** Whether two hashes are the same, in a time that does not depend on where they differ. */
export function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
