import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { WeftError } from '../errors.ts'
import { type Fingerprint, parseFingerprint } from '../keys/pinned.ts'
import { SecretBytes } from '../keys/secret.ts'
import { parseVerifyKey, type VerifyKey } from '../keys/signature.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'

/** All that a machine needs to join: where the controller is, how to know it, and a secret that allows it. */
export interface JoinTicket {
  readonly urls: readonly string[]
  /** Of the controller's certificate. */
  readonly fingerprint: Fingerprint
  readonly controllerKey: VerifyKey
  readonly secret: SecretBytes
}

/** Tells a join token from an API token, and one version from the next. */
const PREFIX = 'weftjoin1_'

const shape = Compile(
  Type.Object({
    u: Type.Array(Type.String(), { minItems: 1 }),
    f: Type.String(),
    k: Type.String(),
    s: Type.String(),
  }),
)

/** The ticket as one string, fit for a command line. */
export function formatJoinToken(ticket: JoinTicket): string {
  const secret = Buffer.from(ticket.secret.expose()).toString()
  const json = JSON.stringify({ u: ticket.urls, f: ticket.fingerprint, k: ticket.controllerKey, s: secret })
  return PREFIX + toBase64Url(Buffer.from(json))
}

/** The ticket in `text`. Throws `invalid-input` when it is cut, changed or something else. */
export function parseJoinToken(text: string): JoinTicket {
  const content = readContent(text.trim())
  const fingerprint = content && parseFingerprint(content.f)
  const controllerKey = content && parseVerifyKey(content.k)
  if (!fingerprint || !controllerKey) throw notAToken()
  return { urls: content.u, fingerprint, controllerKey, secret: new SecretBytes(Buffer.from(content.s)) }
}

function readContent(text: string) {
  const bytes = text.startsWith(PREFIX) ? fromBase64Url(text.slice(PREFIX.length)) : undefined
  try {
    const content: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return shape.Check(content) ? content : undefined
  } catch {
    return undefined
  }
}

function notAToken(): WeftError {
  return new WeftError('invalid-input', 'This is not a whole join token.', {
    field: 'join',
    advice: `Copy the full line that begins with ${PREFIX}, as 'weft token create' printed it.`,
  })
}
