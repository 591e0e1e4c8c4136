import { type Fingerprint, fingerprintOf } from '../keys/pinned.ts'
import type { Random } from '../keys/random.ts'
import { SecretBytes } from '../keys/secret.ts'
import { SigningKey } from '../keys/signature.ts'
import { unwrap, wrap } from '../keys/wrap.ts'
import type { Authority } from '../model/state.ts'

const SEED_BYTES = 32
const SEED_PLACE = 'controller signing key'
const CERTIFICATE_KEY_PLACE = 'controller certificate key'

/** What makes this controller the one that agents pinned, opened for use. */
export interface OpenAuthority {
  readonly signing: SigningKey
  /** PEM */
  readonly certificate: string
  /** PKCS #8 in PEM */
  readonly certificateKey: SecretBytes
  readonly fingerprint: Fingerprint
}

/** A new signing key and certificate, wrapped for the log. */
export async function createAuthority(wrappingKey: SecretBytes, random: Random): Promise<Authority> {
  const seed = new SecretBytes(random(SEED_BYTES))
  const { certificate, key } = await createCertificate()
  return {
    publicKey: new SigningKey(seed).publicKey,
    wrappedSeed: toBase64(wrap(seed, wrappingKey, SEED_PLACE, random)),
    certificate,
    wrappedCertificateKey: toBase64(wrap(key, wrappingKey, CERTIFICATE_KEY_PLACE, random)),
  }
}

/** Throws `digest-mismatch` when the wrapping key is another than the one the store was made with. */
export function openAuthority(authority: Authority, wrappingKey: SecretBytes): OpenAuthority {
  const seed = unwrap(Buffer.from(authority.wrappedSeed, 'base64'), wrappingKey, SEED_PLACE)
  const wrappedKey = Buffer.from(authority.wrappedCertificateKey, 'base64')
  return {
    signing: new SigningKey(seed),
    certificate: authority.certificate,
    certificateKey: unwrap(wrappedKey, wrappingKey, CERTIFICATE_KEY_PLACE),
    fingerprint: fingerprintOf(derOf(authority.certificate)),
  }
}

/** Agents pin the certificate itself, so its names and dates are for browsers only. */
const CERTIFICATE_YEARS = 20
const YEAR = 365.25 * 86_400_000

/** P-256: its handshakes are the cheapest for the server. The library is loaded at the first start only. */
async function createCertificate(): Promise<{ certificate: string; key: SecretBytes }> {
  await import('reflect-metadata')
  const { SubjectAlternativeNameExtension, X509CertificateGenerator } = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const now = Date.now()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Weft controller',
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date(now + CERTIFICATE_YEARS * YEAR),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { certificate: certificate.toString('pem'), key: new SecretBytes(Buffer.from(toPem(key))) }
}

function toPem(pkcs8: ArrayBuffer): string {
  const lines = toBase64(new Uint8Array(pkcs8)).match(/.{1,64}/g) ?? []
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
}

function derOf(pem: string): Uint8Array {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
