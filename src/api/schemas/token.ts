import Type from 'typebox'
import { component, idOrName, instant, listOf } from './common.ts'
import { Labels } from './labels.ts'

export const NewToken = Type.Object(
  {
    networks: Type.Optional(
      Type.Array(idOrName('network', 'demo'), {
        maxItems: 100,
        description: 'Networks that nodes enter when they join.',
      }),
    ),
    uses: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        default: 1,
        description: 'How many nodes may join with it.',
      }),
    ),
    ttlSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 31_536_000,
        default: 3_600,
        description: 'How long it can be used, from now: at most a year.',
      }),
    ),
    labels: Type.Optional(Labels),
  },
  { additionalProperties: false, examples: [{ networks: ['demo'], uses: 10, ttlSeconds: 3_600 }] },
)

export const CreatedToken = component('CreatedToken', 'A join token, with its secret.', {
  id: Type.String({ examples: ['tok-4tq2b7w3xk5lm6np'] }),
  token: Type.String({ description: "The whole argument of 'weft agent --join'. Shown this once." }),
  expiresAt: instant('From when on it is refused.'),
})
export type CreatedToken = Type.Static<typeof CreatedToken>

export const Token = component('Token', 'A join token, without its secret.', {
  id: Type.String({ examples: ['tok-4tq2b7w3xk5lm6np'] }),
  networks: Type.Array(Type.String(), { description: 'Ids of networks that nodes enter when they join.' }),
  labels: Type.Record(Type.String(), Type.String()),
  uses: Type.Integer({ description: 'Uses left.', examples: [9] }),
  expiresAt: instant('From when on it is refused.'),
  createdAt: instant('When it was made.'),
})
export type Token = Type.Static<typeof Token>

export const TokenList = listOf('TokenList', Token)
