import type { Delivery } from '../../controller/webhooks/deliveries.ts'
import type { Webhook as WebhookState } from '../../model/state.ts'
import type { Webhook, WebhookDelivery } from '../schemas/webhook.ts'
import { instantText } from './instant.ts'

/** A webhook as REST shows it: without its secret, sealed or not. */
export function webhookView(webhook: WebhookState): Webhook {
  const { id, project, name, url, events, networks, enabled, disabledReason, createdAt } = webhook
  return {
    id,
    project,
    name,
    url,
    events: events ? [...events] : null,
    networks: networks ? [...networks] : null,
    enabled,
    disabledReason: disabledReason ?? null,
    createdAt: instantText(createdAt),
  }
}

export function deliveryView(delivery: Delivery): WebhookDelivery {
  const { id, type, sequence, state, attempts, firstAt, lastAt, nextAt, status, error, took } = delivery
  return {
    id,
    type,
    sequence: sequence ?? null,
    state,
    attempts,
    firstAt: instantText(firstAt),
    lastAt: instantText(lastAt),
    nextAt: nextAt === undefined ? null : instantText(nextAt),
    status: status ?? null,
    error: error ?? null,
    milliseconds: took,
  }
}
