import { createHash } from 'node:crypto'
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { WeftError } from '../errors.ts'
import { fromBase64Url, toBase64Url } from './text.ts'

declare const brand: unique symbol
/** SHA-256 of a certificate in DER, as 43 characters of base64url: what a join token pins. */
export type Fingerprint = string & { readonly [brand]: 'Fingerprint' }

/** The fingerprint of a certificate in DER. */
export function fingerprintOf(certificate: Uint8Array): Fingerprint {
  return toBase64Url(createHash('sha256').update(certificate).digest()) as Fingerprint
}

/** `text` as a fingerprint, or undefined when it is not 32 bytes of canonical base64url. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  return fromBase64Url(text)?.length === 32 ? (text as Fingerprint) : undefined
}

export type Place =
  | { readonly host: string; readonly port: number }
  /** A Unix socket. */
  | { readonly path: string }

/**
 * A TLS 1.3 connection to the holder of one certificate: the pin is checked before the socket is handed out, so nothing
 * is ever said to another. Rejects with `identity-mismatch`, or `unavailable` when nobody answers.
 * @param timeout milliseconds until a machine has to answer
 * @param patience milliseconds until the program that listens there has to, which may have many callers in its queue
 */
export function connectPinned(
  place: Place,
  pin: Fingerprint,
  timeout: number,
  patience = timeout,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // The pin replaces the authorities: a certificate that fits it is the right one, whoever signed it.
    const socket = connect({ ...place, secureContext: ours(), rejectUnauthorized: false })
    // A request is more than one write: held back until the first is acknowledged (Nagle), the rest comes 40 ms late.
    socket.setNoDelay(true)
    const fail = (error: WeftError) => {
      socket.destroy()
      reject(error)
    }
    socket.setTimeout(timeout, () => fail(unavailable(place, new Error('timed out'))))
    socket.once('connect', () => socket.setTimeout(patience))
    socket.once('error', (cause) => fail(unavailable(place, cause)))
    socket.once('secureConnect', () => {
      socket.setTimeout(0).removeAllListeners('timeout').removeAllListeners('error')
      // Until its new owner listens, an error must not end the process; it is followed by `close` in any case.
      socket.on('error', () => undefined)
      // The other form of a certificate is all that is in it, as texts.
      const certificate = socket.getPeerX509Certificate()
      if (certificate && fingerprintOf(certificate.raw) === pin) resolve(socket)
      else fail(mismatch(place))
    })
  })
}

let context: SecureContext | undefined

/** The same for all, and made once: making it costs a fifth of all that a connection costs. */
function ours(): SecureContext {
  context ??= createSecureContext({ minVersion: 'TLSv1.3' })
  return context
}

function unavailable(place: Place, cause: unknown): WeftError {
  return new WeftError('unavailable', `No controller answers at ${describe(place)}.`, {
    advice: 'Check that it runs and that the address is right.',
    cause,
  })
}

function mismatch(place: Place): WeftError {
  return new WeftError(
    'identity-mismatch',
    `The certificate at ${describe(place)} is not the one that is pinned.`,
    {
      advice: 'If the controller was made anew, get a new token from it; else somebody is in between.',
    },
  )
}

function describe(place: Place): string {
  return 'path' in place ? place.path : `${place.host}:${place.port}`
}
