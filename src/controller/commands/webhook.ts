import { inField, WeftError } from '../../errors.ts'
import { SecretBytes } from '../../keys/secret.ts'
import { ID_BYTES, type ProjectId, toWebhookId, type WebhookId } from '../../model/names.ts'
import type { State, Webhook } from '../../model/state.ts'
import { hostOf } from '../graph/describe.ts'
import { findNetwork } from '../lookup.ts'
import type { Decision, Tools } from '../tools.ts'
import type { Vault } from '../vault.ts'
import { secretPlace } from '../webhooks/signature.ts'
import { assertUsableUrl } from '../webhooks/target.ts'

export interface WebhookInput {
  readonly project: ProjectId
  /** The host of the URL when absent. */
  readonly name?: string
  readonly url: string
  /** Types of events; absent: all. */
  readonly events?: readonly string[]
  /** Ids or names; absent: whatever it is about. */
  readonly networks?: readonly string[]
  readonly enabled?: boolean
}

/** What is to be changed; null: no limit any more. */
export interface WebhookChanges {
  readonly name?: string
  readonly url?: string
  readonly events?: readonly string[] | null
  readonly networks?: readonly string[] | null
  readonly enabled?: boolean
}

/** Each has a place in the work of one controller, and its tries when it fails. */
const MOST_OF_A_PROJECT = 20
const SECRET_BYTES = 32

/** Decides a webhook. Its secret is in the result, and sealed in the log. Throws `conflict` when there are too many. */
export function createWebhook(
  state: State,
  tools: Tools,
  vault: Vault,
  { project, name, url, events, networks, enabled = true }: WebhookInput,
): Decision<{ readonly id: WebhookId; readonly secret: SecretBytes }> {
  assertUsableUrl(url, tools.settings)
  if (state.webhooks.count((webhook) => webhook.project === project) >= MOST_OF_A_PROJECT) {
    throw new WeftError('conflict', `A project has at most ${MOST_OF_A_PROJECT} webhooks.`, {
      advice: 'Delete one that is needed no longer.',
    })
  }
  const id = toWebhookId(tools.random(ID_BYTES))
  const secret = new SecretBytes(tools.random(SECRET_BYTES))
  const webhook = {
    id,
    project,
    name: name ?? hostOf(url),
    url,
    ...limits(state, project, { events, networks }),
    enabled,
    wrappedSecret: vault.seal(secret, secretPlace(id)),
  }
  return { events: [{ type: 'webhook-created', ...webhook, at: tools.now }], result: { id, secret } }
}

/** Decides what is to be another in a webhook. One that the controller disabled goes on where it stopped when it is enabled. */
export function changeWebhook(
  state: State,
  tools: Tools,
  webhook: Webhook,
  changes: WebhookChanges,
): Decision<void> {
  if (changes.url !== undefined) assertUsableUrl(changes.url, tools.settings)
  const wish = {
    id: webhook.id,
    name: changes.name ?? webhook.name,
    url: changes.url ?? webhook.url,
    ...(changes.events === undefined && webhook.events && { events: webhook.events }),
    ...(changes.networks === undefined && webhook.networks && { networks: webhook.networks }),
    ...limits(state, webhook.project, {
      events: changes.events ?? undefined,
      networks: changes.networks ?? undefined,
    }),
    enabled: changes.enabled ?? webhook.enabled,
  }
  return { events: [{ type: 'webhook-changed', ...wish }], result: undefined }
}

export function deleteWebhook(_state: State, id: WebhookId): Decision<void> {
  return { events: [{ type: 'webhook-deleted', id }], result: undefined }
}

/** Decides that nothing is delivered any more, because of what its receiver does. No events when it is so already. */
export function disableWebhook(state: State, id: WebhookId, reason: string): Decision<void> {
  const isEnabled = state.webhooks.get(id)?.enabled ?? false
  return { events: isEnabled ? [{ type: 'webhook-disabled', id, reason }] : [], result: undefined }
}

interface Limits {
  readonly events?: readonly string[] | undefined
  readonly networks?: readonly string[] | undefined
}

function limits(state: State, project: ProjectId, { events, networks }: Limits) {
  const ids = networks?.map((name, at) =>
    inField(`networks.${at}`, () => findNetwork(state, project, name).id),
  )
  return {
    ...(events && { events: [...new Set(events)].toSorted() }),
    ...(ids && { networks: [...new Set(ids)].toSorted() }),
  }
}
