/** Somebody whom the issuer knows, as far as it matters here. */
export interface Person {
  /** Never given to anybody else by the same issuer (OpenID Connect Core 1.0, section 5.7). */
  readonly subject: string
  /** Only one that the issuer has verified: anybody can claim another's. */
  readonly email: string | undefined
  readonly groups: readonly string[]
  /** For logs and people. */
  readonly name: string
}

export type Claims = Readonly<Record<string, unknown>> & { readonly sub: string }

/** Most characters of a name. */
const NAME_LENGTH = 64
/** A person of more groups than this is somebody's mistake. */
const MOST_GROUPS = 1_000

/**
 * Who the claims speak of. The name is an address only if that is verified, and else has the subject in it, so that nobody
 * is taken for another in the log by the name he chose.
 */
export function personOf(claims: Claims, groupsClaim: string): Person {
  const { sub: subject, email, email_verified: isVerified, preferred_username: username, name } = claims
  const verified = typeof email === 'string' && isVerified === true ? email : undefined
  const called = [username, name].find((one) => typeof one === 'string' && one !== '')
  return {
    subject,
    email: verified,
    groups: groupsIn(claims, groupsClaim),
    name: printable(verified ?? (called === undefined ? subject : `${subject} (${called})`)),
  }
}

/** The claim of that name, or else what lies at the end of that way. A single text is a list of one. */
function groupsIn(claims: Claims, path: string): string[] {
  const value = Object.hasOwn(claims, path) ? claims[path] : path.split('.').reduce<unknown>(step, claims)
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((one) => typeof one === 'string').slice(0, MOST_GROUPS)
}

function step(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}

function printable(text: string): string {
  return [...text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '.')].slice(0, NAME_LENGTH).join('')
}
