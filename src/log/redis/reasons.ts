/** Why nobody answered, as far as the system or TLS says: goes on from a colon. */
export interface Reason {
  readonly why: string
  readonly advice?: string
}

const TRUST: Reason = {
  why: 'its certificate was not signed by an authority that is known here',
  advice: 'Name the file with that authority in NODE_EXTRA_CA_CERTS, and start this again.',
}
const NAMES = 'The URL has to name it as its certificate does.'

/** By the codes of Node, its resolver and OpenSSL (https://nodejs.org/api/errors.html, tls.html#x509-certificate-error-codes). */
const REASONS: Readonly<Record<string, Reason>> = Object.freeze({
  ECONNREFUSED: { why: 'nothing listens there', advice: 'Look at the port, and whether the server runs.' },
  ENOTFOUND: { why: 'there is no host of this name', advice: 'Look at the host in the URL.' },
  EAI_AGAIN: { why: 'its name cannot be looked up at the moment' },
  EHOSTUNREACH: { why: 'there is no way to it' },
  ENETUNREACH: { why: 'there is no way to it' },
  ETIMEDOUT: {
    why: 'no word came in time',
    advice: 'Look at firewalls, and whether the port speaks TLS if the URL begins with rediss.',
  },
  ECONNRESET: { why: 'it cut the connection' },
  DEPTH_ZERO_SELF_SIGNED_CERT: TRUST,
  SELF_SIGNED_CERT_IN_CHAIN: TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TRUST,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TRUST,
  CERT_HAS_EXPIRED: { why: 'its certificate has expired' },
  CERT_NOT_YET_VALID: { why: 'its certificate is not valid yet', advice: 'Look at the clocks.' },
  ERR_TLS_CERT_ALTNAME_INVALID: { why: 'its certificate is of another host', advice: NAMES },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    why: 'it does not speak TLS there',
    advice: 'Give its TLS port, or redis in place of rediss.',
  },
})

const CLOSED = 'it closed the connection'

/** @param isFirst whether it has answered nothing yet on this connection */
export function reasonOf(cause: unknown, isFirst: boolean): Reason | undefined {
  if (!(cause instanceof Error)) return undefined
  const code = 'code' in cause ? String(cause.code) : ''
  if (code in REASONS || cause.message !== 'Connection is closed.') return REASONS[code]
  if (!isFirst) return { why: CLOSED }
  return { why: CLOSED, advice: 'One that wants TLS does so too: then the URL begins with rediss.' }
}
