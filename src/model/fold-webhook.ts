import { type EventOf, known } from './fold.ts'
import type { WebhookId } from './names.ts'
import type { State, Webhook } from './state.ts'

export function addWebhook(state: State, event: EventOf<'webhook-created'>): State {
  const { type: _, at: createdAt, events, networks, ...given } = event
  const since = state.sequence + 1
  return withWebhook(state, { ...given, events, networks, disabledReason: undefined, since, createdAt })
}

export function changeWebhook(state: State, event: EventOf<'webhook-changed'>): State {
  const { type: _, events, networks, ...given } = event
  const before = webhookOf(state, event.id)
  const disabledReason = given.enabled ? undefined : before.disabledReason
  return withWebhook(state, { ...before, ...given, events, networks, disabledReason })
}

export function disableWebhook(state: State, { id, reason }: EventOf<'webhook-disabled'>): State {
  return withWebhook(state, { ...webhookOf(state, id), enabled: false, disabledReason: reason })
}

export function removeWebhook(state: State, { id }: EventOf<'webhook-deleted'>): State {
  return { ...state, webhooks: state.webhooks.delete(webhookOf(state, id).id) }
}

function webhookOf(state: State, id: WebhookId): Webhook {
  return known(state.webhooks.get(id), id)
}

function withWebhook(state: State, webhook: Webhook): State {
  return { ...state, webhooks: state.webhooks.set(webhook.id, webhook) }
}
