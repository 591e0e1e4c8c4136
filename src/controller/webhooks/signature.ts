import { createHmac } from 'node:crypto'
import type { SecretBytes } from '../../keys/secret.ts'
import type { WebhookId } from '../../model/names.ts'

/** Where the secret of a webhook is sealed for (keys/wrap.ts). */
export function secretPlace(id: WebhookId): string {
  return `webhook secret ${id}`
}

/** A secret as its receiver is given it, once (https://www.standardwebhooks.com). */
export function secretText(secret: SecretBytes): string {
  return `whsec_${Buffer.from(secret.expose()).toString('base64')}`
}

export interface Signed {
  readonly id: string
  /** Seconds since 1970, of this attempt: receivers refuse what is old, so that nobody can play it again. */
  readonly timestamp: number
  readonly body: string
}

/** The headers of Standard Webhooks: HMAC-SHA256 over id, timestamp and body. */
export function signatureHeaders(
  { id, timestamp, body }: Signed,
  secret: SecretBytes,
): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', secret.expose())
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  }
}
