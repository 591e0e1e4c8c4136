import type { FastifyRequest } from 'fastify'

const ATTRIBUTES = 'Path=/; Secure; HttpOnly'

/** Sessions of the web console. The prefix keeps other hosts and paths from setting it (RFC 6265bis, section 4.1.3.2). */
const SESSION = '__Host-weft'
/** What a browser takes along to the issuer and back. */
export const JOURNEY = '__Host-weft-signin'

/**
 * Only a page of the controller itself can send this along: other sites would have to ask before, and are refused. So no
 * request that another site makes a browser send carries a right, whatever browsers do about cookies.
 */
const OWN_PAGE = 'weft-console'

/** The secret of the session of a page of our own; undefined when there is none. */
export function sessionCookie(request: FastifyRequest): string | undefined {
  return request.headers[OWN_PAGE] === undefined ? undefined : cookieOf(request, SESSION)
}

export function cookieOf({ headers: { cookie = '' } }: FastifyRequest, name: string): string | undefined {
  const own = cookie.split('; ').find((one) => one.startsWith(`${name}=`))
  return own?.slice(name.length + 1)
}

/** Sent by no request that begins at another site. */
export function sessionSet(secret: string, seconds: number): string {
  return `${SESSION}=${secret}; ${ATTRIBUTES}; SameSite=Strict; Max-Age=${seconds}`
}

/** The way back from the issuer begins at another site, so it has to be Lax. */
export function journeySet(value: string, seconds: number): string {
  return `${JOURNEY}=${value}; ${ATTRIBUTES}; SameSite=Lax; Max-Age=${seconds}`
}

export const SESSION_GONE = `${SESSION}=; ${ATTRIBUTES}; SameSite=Strict; Max-Age=0`
export const JOURNEY_GONE = `${JOURNEY}=; ${ATTRIBUTES}; SameSite=Lax; Max-Age=0`
