import Type from 'typebox'
import { EVENT_TYPES } from '../../model/event.ts'
import { component, idOrName, instant, listOf, orNull, plainText } from './common.ts'

export const WebhookIdText = Type.String({
  pattern: '^whk-[a-z2-7]{16}$',
  description: 'Id of the webhook.',
  examples: ['whk-4tq2b7w3xk5lm6np'],
  'x-expects': "an id that begins with 'whk-'",
})

export const DeliveryIdText = Type.String({
  pattern: '^msg_[a-z0-9_-]{1,120}$',
  description: "Id of the delivery: the header 'webhook-id' of its message.",
  examples: ['msg_4tq2b7w3xk5lm6np_42_0123456789ab'],
  'x-expects': "an id that begins with 'msg_'",
})

const events = Type.Array(Type.Enum([...EVENT_TYPES]), {
  minItems: 1,
  maxItems: 64,
  uniqueItems: true,
  description: 'Types of events that it is told of.',
  examples: [['member-added', 'member-removed']],
})
const networks = Type.Array(idOrName('network', 'demo'), {
  minItems: 1,
  maxItems: 100,
  uniqueItems: true,
  description: 'Networks of which it is told: ids or names.',
})
const wish = {
  name: Type.Optional(
    plainText(64, 'What it is for, for people; the host of its URL unless given.', 'billing'),
  ),
  enabled: Type.Optional(
    Type.Boolean({
      default: true,
      description: 'Whether it is told anything. One that is enabled again goes on where it stopped.',
    }),
  ),
}
const url = Type.String({
  minLength: 1,
  maxLength: 2_048,
  description: 'Where to: https, at a public address unless the settings of the controller allow others.',
  examples: ['https://hooks.example.org/weft'],
})

export const NewWebhook = Type.Object(
  { ...wish, url, events: Type.Optional(events), networks: Type.Optional(networks) },
  { additionalProperties: false, examples: [{ url: 'https://hooks.example.org/weft', enabled: false }] },
)

/** `null` takes a limit away. */
export const WebhookPatch = Type.Object(
  {
    ...wish,
    url: Type.Optional(url),
    events: Type.Optional(orNull(events)),
    networks: Type.Optional(orNull(networks)),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ enabled: false }] },
)

const about = {
  id: Type.String({ examples: ['whk-4tq2b7w3xk5lm6np'] }),
  project: Type.String({ description: 'Id of the project of which it is told.' }),
  name: Type.String({ examples: ['billing'] }),
  url: Type.String({ examples: ['https://hooks.example.org/weft'] }),
  events: orNull(
    Type.Array(Type.String(), { description: 'Types of events that it is told of; null: all.' }),
  ),
  networks: orNull(
    Type.Array(Type.String(), { description: 'Ids of networks of which it is told; null: all.' }),
  ),
  enabled: Type.Boolean(),
  disabledReason: orNull(
    Type.String({
      description: 'Why the controller disabled it; null: it did not.',
      examples: ['no success for 72 hours, at last: it answered with 500'],
    }),
  ),
  createdAt: instant('When it was made.'),
}

export const Webhook = component(
  'Webhook',
  'A place outside that is told of changes, without its secret.',
  about,
)
export type Webhook = Type.Static<typeof Webhook>

export const WebhookDetail = component('WebhookDetail', 'A webhook, and how far it is.', {
  ...about,
  acknowledged: Type.Integer({
    description: 'The last entry of the log that it need not be told any more; kept every few seconds.',
  }),
  failingSince: orNull(instant('Since when nothing succeeds; null: it does.')),
})
export type WebhookDetail = Type.Static<typeof WebhookDetail>

export const WebhookList = listOf('WebhookList', Webhook)

export const CreatedWebhook = component('CreatedWebhook', 'A webhook, with its secret.', {
  ...about,
  secret: Type.String({
    description:
      "With it the receiver checks the signature, as Standard Webhooks says: 'whsec_' and base64. Shown this once.",
    examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='],
  }),
})
export type CreatedWebhook = Type.Static<typeof CreatedWebhook>

export const WebhookDelivery = component('WebhookDelivery', 'A message to a receiver, and how it went.', {
  id: Type.String({
    description:
      "The header 'webhook-id', the same at each attempt: a receiver that has it drops the double.",
    examples: ['msg_4tq2b7w3xk5lm6np_42_0123456789ab'],
  }),
  type: Type.Enum(['change', 'ping']),
  sequence: orNull(Type.Integer({ description: 'The log entry that it tells of; null: a ping.' })),
  state: Type.Enum(['delivered', 'retrying', 'failed'], {
    description: "'failed': it is not tried again by itself.",
  }),
  attempts: Type.Integer({ description: 'How often it was tried.' }),
  firstAt: instant('When it was tried first.'),
  lastAt: instant('When it was tried last.'),
  nextAt: orNull(instant('When it is tried next; null: not again.')),
  status: orNull(Type.Integer({ description: 'What was answered last; null: nothing.', examples: [204] })),
  error: orNull(
    Type.String({
      description: 'Why the last attempt failed; null: it did not.',
      examples: ['it answered with 500'],
    }),
  ),
  milliseconds: Type.Integer({ description: 'How long the last attempt took.' }),
})
export type WebhookDelivery = Type.Static<typeof WebhookDelivery>

export const WebhookDeliveryList = listOf('WebhookDeliveryList', WebhookDelivery)
