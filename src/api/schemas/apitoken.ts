import Type from 'typebox'
import { PERMISSIONS, ROLE_PERMISSIONS } from '../../model/permission.ts'
import { component, instant, listOf, orNull, plainText } from './common.ts'

const role = Type.Enum([...objectKeys(ROLE_PERMISSIONS)], {
  description:
    "'viewer' sees, 'operator' also changes networks, members, nodes and join tokens, 'admin' also shares networks and makes API tokens.",
})

const permission = Type.Enum([...objectKeys(PERMISSIONS)])

export const NewApiToken = Type.Object(
  {
    name: plainText(64, 'What it is for, for people.', 'billing'),
    role,
    scopes: Type.Optional(
      Type.Array(permission, {
        minItems: 1,
        maxItems: 32,
        uniqueItems: true,
        description: 'Narrows the role to these permissions.',
        examples: [['networks:read', 'members:write']],
      }),
    ),
    global: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether it counts in all projects; only a token that does can make another.',
      }),
    ),
    ttlSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 315_360_000,
        description: 'How long it can be used, from now: at most ten years. Absent: until it is revoked.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ name: 'billing', role: 'viewer' }] },
)

const about = {
  id: Type.String({ examples: ['tok-4tq2b7w3xk5lm6np'] }),
  name: Type.String({ examples: ['billing'] }),
  project: orNull(
    Type.String({
      description: 'Id of the project in which it counts; null: all.',
      examples: ['prj-4tq2b7w3xk5lm6np'],
    }),
  ),
  role,
  permissions: Type.Array(permission, { description: 'All that it allows.' }),
  person: orNull(
    Type.String({
      description: 'Whose session it is, as issuer and subject; null: it was made by a token.',
      examples: ['https://id.example.org 248289761001'],
    }),
  ),
  expiresAt: orNull(instant('From when on it is refused; null: never.')),
}

export const ApiToken = component('ApiToken', 'An API token, without its secret.', {
  ...about,
  createdAt: instant('When it was made.'),
})
export type ApiToken = Type.Static<typeof ApiToken>

export const ApiTokenList = listOf('ApiTokenList', ApiToken)

export const CreatedApiToken = component('CreatedApiToken', 'An API token, with its secret.', {
  ...about,
  token: Type.String({ description: "What to send as 'Authorization: Bearer …'. Shown this once." }),
})
export type CreatedApiToken = Type.Static<typeof CreatedApiToken>

export const Whoami = component('Whoami', 'Who asks, and what it may do.', {
  id: Type.String({ description: 'As the log names it.', examples: ['tok-4tq2b7w3xk5lm6np'] }),
  name: Type.String({ examples: ['billing'] }),
  project: Type.String({ description: 'Id of the project in which this request acts.' }),
  global: Type.Boolean({ description: 'Whether it may act in all projects.' }),
  permissions: Type.Array(permission, { description: 'All that it may do there.' }),
})
export type Whoami = Type.Static<typeof Whoami>

function objectKeys<Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(record).filter((key): key is Key => Object.hasOwn(record, key))
}
