import { createHash } from 'node:crypto'
import type { Random } from '../../keys/random.ts'
import { toBase64Url } from '../../keys/text.ts'
import type { Journey } from './issuer.ts'

/** What a browser keeps in a cookie while it is at the issuer: so any replica can take it back. */
export interface Trip extends Journey {
  /** Id or name of the project that it wants to act in. */
  readonly project: string | undefined
}

/** 128 bits and more, all that is asked of them (RFC 6749 section 10.10, RFC 7636 section 7.1). */
const BYTES = 32

export function newTrip(random: Random, project: string | undefined): Trip {
  const text = () => toBase64Url(random(BYTES))
  return { state: text(), nonce: text(), verifier: text(), project }
}

export function tripText({ state, nonce, verifier, project = '' }: Trip): string {
  return [state, nonce, verifier, project].join('.')
}

/** undefined for what no `tripText` has made. */
export function readTrip(text: string): Trip | undefined {
  const match = /^([\w-]{43})\.([\w-]{43})\.([\w-]{43})\.([a-z0-9-]{0,63})$/.exec(text)
  const [, state, nonce, verifier, project] = match ?? []
  if (!state || !nonce || !verifier) return undefined
  return { state, nonce, verifier, project: project || undefined }
}

/** What the issuer is told of the verifier (RFC 7636, section 4.2). */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
