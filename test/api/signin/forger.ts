import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How an ID token can be wrong. */
export interface Forgery {
  readonly claims?: object
  /** What is changed after the signature was made. */
  readonly after?: (token: string) => string
  /** Signed by a key that the issuer does not have. */
  readonly otherKey?: boolean
  readonly algorithm?: 'none'
}

/** An issuer that says what it is told to say: its tokens are right unless a forgery is asked for. */
export class Forger implements AsyncDisposable {
  readonly url: string
  forgery: Forgery = {}
  nonce = ''
  readonly #server: Server
  readonly #keys = [newKey(), newKey()] as const

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<Forger> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const forger = new Forger(server)
    server.on('request', ({ url }, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(forger.#answer(url ?? '')))
    })
    return forger
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #answer(path: string): object {
    const { url } = this
    if (path === '/token') return { access_token: 'x', token_type: 'bearer', id_token: this.#token() }
    if (path === '/jwks') {
      return {
        keys: [
          { ...this.#keys[0].publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' },
        ],
      }
    }
    return {
      issuer: url,
      authorization_endpoint: `${url}/auth`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    }
  }

  #token(): string {
    const {
      algorithm = 'ES256',
      claims = {},
      otherKey = false,
      after = (token: string) => token,
    } = this.forgery
    const now = Math.floor(Date.now() / 1_000)
    const usual = { iss: this.url, aud: 'weft', sub: 'alice', iat: now, exp: now + 60, nonce: this.nonce }
    const signed = `${json({ alg: algorithm, kid: 'one' })}.${json({ ...usual, ...claims })}`
    const { privateKey } = this.#keys[otherKey ? 1 : 0]
    return after(`${signed}.${algorithm === 'none' ? '' : signatureOf(signed, privateKey)}`)
  }
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function json(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function signatureOf(text: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}
