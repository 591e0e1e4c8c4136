import Type from 'typebox'
import { CreatedApiToken } from './apitoken.ts'
import { component, idOrName, orNull } from './common.ts'

export const SignInWays = component('SignInWays', 'How people can sign in besides with a token.', {
  oidc: Type.Union([
    Type.Object({
      name: Type.String({ description: 'What the issuer is called.', examples: ['Example ID'] }),
    }),
    Type.Null(),
  ]),
  session: orNull(
    Type.String({
      description: 'Whose session the cookie of this browser is; null: it has none.',
      examples: ['alice@example.org'],
    }),
  ),
})
export type SignInWays = Type.Static<typeof SignInWays>

/** Texts that come from an issuer or a program. */
function opaque(description: string, example: string) {
  return Type.String({
    pattern: '^[\\x21-\\x7e]{1,4096}$',
    description,
    examples: [example],
    'x-expects': '1 to 4096 visible ASCII characters',
  })
}

const project = Type.Optional(
  idOrName('project in which to act; absent: all, or the first that is open to the person', 'acme'),
)

export const LoginQuery = Type.Object({ project }, { additionalProperties: false })

const redirectUri = Type.String({
  pattern: '^http://(127\\.0\\.0\\.1|\\[::1\\]):\\d{1,5}/callback$',
  description: 'Where the program listens for the browser (RFC 8252, section 7.3).',
  examples: ['http://127.0.0.1:40123/callback'],
  'x-expects': 'of the form http://127.0.0.1:PORT/callback',
})

const journey = {
  redirectUri,
  state: opaque('What the browser brings back unchanged.', 'HdXd3wR1yL8Pq2sT'),
  nonce: opaque('What the ID token has to hold.', 'n-0S6_WzA2MjPq2s'),
}

export const NewSignInUrl = Type.Object(
  {
    ...journey,
    codeChallenge: Type.String({
      pattern: '^[\\w-]{43}$',
      description: 'SHA-256 of the verifier, base64url (RFC 7636).',
      examples: ['E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'],
      'x-expects': '43 characters of base64url',
    }),
  },
  { additionalProperties: false },
)

export const SignInUrl = component('SignInUrl', 'Where the browser of the person has to go.', {
  url: Type.String({ examples: ['https://id.example.org/auth?client_id=weft&response_type=code'] }),
})
export type SignInUrl = Type.Static<typeof SignInUrl>

export const CodeSignIn = Type.Object(
  {
    ...journey,
    code: opaque('What the browser brought back.', 'SplxlOBeZQQYbYS6WxSbIA'),
    issuer: Type.Optional(
      opaque("The 'iss' that the browser brought back, if any.", 'https://id.example.org'),
    ),
    codeVerifier: Type.String({
      pattern: '^[\\w.~-]{43,128}$',
      description: 'Of which the challenge was made.',
      examples: ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'],
      'x-expects': '43 to 128 characters of base64url',
    }),
    project,
  },
  { additionalProperties: false },
)

export const DeviceCode = component(
  'DeviceCode',
  'A sign-in that is finished on any device with a browser (RFC 8628).',
  {
    deviceCode: Type.String({
      description: 'What the program shows to get the session.',
      examples: ['GmRhmhcxhwAzkoEqiMEg'],
    }),
    userCode: Type.String({ description: 'What the person types.', examples: ['WDJB-MJHT'] }),
    verificationUri: Type.String({ description: 'Where.', examples: ['https://id.example.org/device'] }),
    verificationUriComplete: Type.Optional(
      Type.String({
        description: 'The same with the code in it.',
        examples: ['https://id.example.org/device?user_code=WDJB-MJHT'],
      }),
    ),
    expiresInSeconds: Type.Number({ examples: [600] }),
    intervalSeconds: Type.Number({ description: 'How long to wait between two questions.', examples: [5] }),
  },
)
export type DeviceCode = Type.Static<typeof DeviceCode>

export const DeviceSignIn = Type.Object(
  { deviceCode: opaque('As it was given.', 'GmRhmhcxhwAzkoEqiMEg'), project },
  { additionalProperties: false },
)

export const SignInPending = component('SignInPending', 'The person has not finished yet: ask again later.', {
  status: Type.Enum(['pending']),
})

export const Session = component('Session', 'Somebody is signed in: an API token that ends soon.', {
  ...CreatedApiToken.properties,
})
export type Session = Type.Static<typeof Session>
