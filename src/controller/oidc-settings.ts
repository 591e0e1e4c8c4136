import Type from 'typebox'

/** `group:ops=operator@acme`, `email:alice@example.org=admin@*`, `subject:248289=viewer@default`, `anybody=viewer@demo`. */
const ACCESS_RULE = '^(anybody|(group|email|subject):.+)=(viewer|operator|admin)@(\\*|[a-z0-9-]{1,63})$'

/** Sign-in of people by OpenID Connect. Without an issuer there is none, and without a rule nobody is let in. */
export const oidcSettings = {
  oidcIssuer: Type.String({
    pattern: '^$|^https://|^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])[:/]',
    'x-expects': 'an https URL, or http on this machine itself',
    default: '',
    description: 'Issuer of OpenID Connect with which people sign in. Empty: they cannot.',
  }),
  oidcName: Type.String({
    minLength: 1,
    maxLength: 64,
    default: 'OpenID Connect',
    description: "What the issuer is called: the page says 'Sign in with' it.",
  }),
  oidcClientId: Type.String({
    maxLength: 256,
    default: '',
    description:
      'As what the issuer knows this controller. Its redirect URI is CONSOLE/v1/auth/oidc/callback.',
  }),
  oidcClientSecretFile: Type.String({
    default: '',
    description:
      'File with the secret of the client. Empty: the secret itself in WEFT_OIDC_CLIENT_SECRET, else the systemd credential weft-oidc-client-secret, else none: a public client.',
  }),
  oidcScopes: Type.Array(Type.String({ pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' }), {
    minItems: 1,
    default: ['openid', 'profile', 'email'],
    description: 'What the issuer is asked to tell of a person; openid is among it.',
  }),
  oidcGroupsClaim: Type.String({
    minLength: 1,
    maxLength: 256,
    default: 'groups',
    description: 'Claim with the groups or roles of a person; with dots, the way to it: realm_access.roles.',
  }),
  oidcAccess: Type.Array(
    Type.String({ pattern: ACCESS_RULE, 'x-expects': 'of the form group:NAME=ROLE@PROJECT' }),
    {
      default: [],
      description:
        'Who may do what: group:NAME, email:ADDRESS (only if the issuer has verified it), subject:ID or anybody; then =ROLE@PROJECT, or ROLE@* for all projects. Empty: nobody is let in.',
    },
  ),
  oidcSessionMinutes: Type.Integer({
    minimum: 1,
    maximum: 1_440,
    default: 480,
    description: 'Minutes after which a person has to sign in again.',
  }),
  consoleUrl: Type.String({
    pattern: '^$|^https?://[^/?#]+$',
    'x-expects': 'a URL without a path',
    default: '',
    description:
      'URL at which browsers find the web console, for the way back from the issuer. Empty: the one they came by.',
  }),
}
