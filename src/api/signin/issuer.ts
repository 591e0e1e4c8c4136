import type {
  ClientAuth,
  Configuration,
  TokenEndpointResponse,
  TokenEndpointResponseHelpers,
} from 'openid-client'
import type { Clock } from '../../clock.ts'
import type { ControllerSettings } from '../../controller/settings.ts'
import { WeftError } from '../../errors.ts'
import type { SecretBytes } from '../../keys/secret.ts'
import { failureAtIssuer, isPending } from './failure.ts'
import { type Claims, type Person, personOf } from './person.ts'

/** What is asked of the issuer, and what its answer is held against. */
export interface Journey {
  readonly state: string
  readonly nonce: string
  /** Proof Key for Code Exchange (RFC 7636). */
  readonly verifier: string
}

export interface DeviceCode {
  readonly deviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete?: string
  readonly expiresInSeconds: number
  readonly intervalSeconds: number
}

type Library = typeof import('openid-client')
type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers

interface Known {
  readonly library: Library
  readonly config: Configuration
  readonly at: number
}

/** Seconds for which the issuer may think about one request. */
const PATIENCE = 10
/** Milliseconds after which the issuer is asked anew where its endpoints are. */
const FRESH = 3_600_000
/** Conversations with the issuer at the same time: strangers can begin them, and each holds a socket. */
const MOST_AT_ONCE = 32
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** Seconds between two questions, unless the issuer says otherwise (RFC 8628, section 3.2). */
const USUAL_INTERVAL = 5

/**
 * The OpenID provider of the settings. It is asked for the first time when somebody wants to sign in, so a controller
 * starts without it. ID tokens are checked in full: signature, issuer, audience, nonce and time.
 */
export class Issuer {
  readonly #settings: ControllerSettings
  readonly #secret: SecretBytes | undefined
  readonly #clock: Clock
  #known: Known | undefined
  #underWay = 0

  constructor(settings: ControllerSettings, secret: SecretBytes | undefined, clock: Clock) {
    this.#settings = settings
    this.#secret = secret
    this.#clock = clock
  }

  /** Where the browser has to go. @param challenge SHA-256 of the verifier, base64url */
  authorizationUrl(
    redirectUri: string,
    { state, nonce, challenge }: Omit<Journey, 'verifier'> & { readonly challenge: string },
  ): Promise<URL> {
    return this.#ask(async ({ library, config }) =>
      library.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: this.#scope,
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }),
    )
  }

  /** Who came back. @param url where the browser came back to, with everything that the issuer added */
  personAt(url: URL, { state, nonce, verifier }: Journey): Promise<Person> {
    return this.#ask(async (known) => {
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      }
      return this.#personOf(known, await known.library.authorizationCodeGrant(known.config, url, checks))
    })
  }

  /** Begins a sign-in that is finished on another device (RFC 8628). Rejects with `not-found` if the issuer has none. */
  beginDevice(): Promise<DeviceCode> {
    return this.#ask(async ({ library, config }) => {
      if (!config.serverMetadata().device_authorization_endpoint) throw noDeviceFlow()
      const made = await library.initiateDeviceAuthorization(config, { scope: this.#scope })
      return {
        deviceCode: made.device_code,
        userCode: made.user_code,
        verificationUri: made.verification_uri,
        ...(made.verification_uri_complete !== undefined && {
          verificationUriComplete: made.verification_uri_complete,
        }),
        expiresInSeconds: made.expires_in,
        intervalSeconds: made.interval ?? USUAL_INTERVAL,
      }
    })
  }

  /** Who finished it; undefined: nobody yet. */
  personWith(deviceCode: string): Promise<Person | undefined> {
    return this.#ask(async (known) => {
      try {
        const parameters = { device_code: deviceCode }
        return await this.#personOf(
          known,
          await known.library.genericGrantRequest(known.config, DEVICE_GRANT, parameters),
        )
      } catch (error) {
        if (isPending(error)) return undefined
        throw error
      }
    })
  }

  get #scope(): string {
    return [...new Set(['openid', ...this.#settings.oidcScopes])].join(' ')
  }

  /** What the ID token says, and what the issuer tells besides: many put addresses and groups only there. */
  async #personOf({ library, config }: Known, tokens: Tokens): Promise<Person> {
    const own = tokens.claims()
    if (!own) throw new WeftError('unauthenticated', 'The issuer did not say who it is.')
    const more = config.serverMetadata().userinfo_endpoint
      ? await library.fetchUserInfo(config, tokens.access_token, own.sub)
      : {}
    const claims: Claims = { ...more, ...own }
    return personOf(claims, this.#settings.oidcGroupsClaim)
  }

  async #ask<Answer>(question: (known: Known) => Promise<Answer>): Promise<Answer> {
    if (this.#underWay >= MOST_AT_ONCE) {
      throw new WeftError('overloaded', 'Too many people sign in at the moment.', {
        advice: 'Try again in a few seconds.',
      })
    }
    this.#underWay += 1
    try {
      return await question(await this.#discover())
    } catch (error) {
      throw failureAtIssuer(error)
    } finally {
      this.#underWay -= 1
    }
  }

  async #discover(): Promise<Known> {
    const now = this.#clock.monotonic()
    if (this.#known && now - this.#known.at < FRESH) return this.#known
    const { oidcIssuer, oidcClientId } = this.#settings
    const library = await import('openid-client')
    const plain = oidcIssuer.startsWith('http:') ? [library.allowInsecureRequests] : []
    const config = await library.discovery(
      new URL(oidcIssuer),
      oidcClientId,
      {},
      clientAuth(library, this.#secret),
      {
        execute: [library.enableNonRepudiationChecks, ...plain],
        timeout: PATIENCE,
      },
    )
    this.#known = { library, config, at: now }
    return this.#known
  }
}

/** As the issuer likes it; what it does not say is Basic (OpenID Connect Discovery 1.0, section 3). */
function clientAuth(
  { ClientSecretBasic, ClientSecretPost, None }: Library,
  secret: SecretBytes | undefined,
): ClientAuth {
  if (!secret) return None()
  const text = Buffer.from(secret.expose()).toString()
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const auth = methods.includes('client_secret_basic') ? ClientSecretBasic(text) : ClientSecretPost(text)
    auth(server, client, body, headers)
  }
}

function noDeviceFlow(): WeftError {
  return new WeftError('not-found', 'The issuer has no sign-in by code on another device.', {
    advice: 'Sign in with a browser on this machine.',
  })
}
