import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export interface Account {
  readonly email?: string
  readonly email_verified?: boolean
  readonly groups?: readonly string[]
  readonly preferred_username?: string
}

export const CLIENT = 'weft'
export const CLIENT_SECRET = 'the secret of the client, long enough'

/** A real OpenID provider on the loopback, at which whoever comes is `subject` without being asked. */
export class LocalIssuer implements AsyncDisposable {
  readonly url: string
  readonly accounts = new Map<string, Account>()
  /** Who sits at the browser; undefined: somebody who refuses. */
  subject: string | undefined
  readonly #server: Server
  // The port of a program at a terminal is not known before it runs; loopback ports are free (RFC 8252, 7.3).
  #redirectUris = ['http://127.0.0.1/callback', 'https://weft.test/v1/auth/oidc/callback']
  #type: 'native' | 'web' = 'native'
  #provider: Provider | undefined

  private constructor(server: Server) {
    this.#server = server
    const { port } = server.address() as AddressInfo
    this.url = `http://127.0.0.1:${port}`
  }

  static async start({ withDevices = true } = {}): Promise<LocalIssuer> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const issuer = new LocalIssuer(server)
    issuer.#provider = issuer.#create(withDevices)
    server.on('request', (request, response) => {
      const provider = issuer.#provider
      if (!provider) return
      if (!request.url?.startsWith('/interaction/')) return provider.callback()(request, response)
      const result = issuer.subject
        ? { login: { accountId: issuer.subject }, consent: {} }
        : { error: 'access_denied', error_description: 'no' }
      void provider.interactionFinished(request, response, result)
    })
    return issuer
  }

  /** Sends browsers back to this address and no other. What it knew of sign-ins is forgotten. */
  allow(redirectUri: string): void {
    this.#redirectUris = [redirectUri]
    this.#type = 'web'
    this.#provider = this.#create(true)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #create(withDevices: boolean): Provider {
    const provider: Provider = new Provider(this.url, {
      clients: [
        {
          client_id: CLIENT,
          client_secret: CLIENT_SECRET,
          application_type: this.#type,
          redirect_uris: this.#redirectUris,
          grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
          response_types: ['code'],
        },
      ],
      cookies: { keys: ['only for tests'] },
      claims: {
        openid: ['sub'],
        profile: ['preferred_username', 'groups'],
        email: ['email', 'email_verified'],
      },
      features: { devInteractions: { enabled: false }, deviceFlow: { enabled: withDevices } },
      interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      findAccount: (_context: unknown, accountId: string) => ({
        accountId,
        claims: async () => ({ sub: accountId, ...this.accounts.get(accountId) }),
      }),
      loadExistingGrant: async ({
        oidc,
      }: {
        oidc: { client: { clientId: string }; session: { accountId: string } }
      }) => {
        const grant = new provider.Grant({
          clientId: oidc.client.clientId,
          accountId: oidc.session.accountId,
        })
        grant.addOIDCScope('openid profile email')
        await grant.save()
        return grant
      },
    })
    return provider
  }
}
