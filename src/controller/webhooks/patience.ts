import type { PostResult } from './post.ts'

/** What is to be done after an attempt. */
export type Verdict =
  | { readonly kind: 'delivered' }
  /** @property delay ms */
  | { readonly kind: 'retry'; readonly delay: number; readonly why: string }
  | { readonly kind: 'give-up'; readonly why: string }
  | { readonly kind: 'disable'; readonly why: string }

export const OUTCOMES = [
  'delivered',
  'retry',
  'give-up',
  'disable',
] as const satisfies readonly Verdict['kind'][]

export interface PatienceSettings {
  readonly webhookRetrySeconds: number
  readonly webhookAttempts: number
  readonly webhookPatienceHours: number
}

export interface Tried {
  readonly result: PostResult
  /** Attempts to deliver this message, this one among them. */
  readonly attempts: number
  /** Milliseconds since the webhook last had a success, or its first failure. */
  readonly failingFor: number
  /** From 0 to 1. */
  readonly chance: number
}

const LONGEST_DELAY = 3_600_000
const HOUR = 3_600_000
const GONE = 410

/**
 * Waits longer each time, and never as long as others, so that receivers that come back are not met by all at once. A message
 * that is answered with an error is given up some time, because it may be that message that the receiver cannot take; while
 * nobody answers it waits, and all behind it, until the webhook is disabled.
 */
export function judge({ result, attempts, failingFor, chance }: Tried, settings: PatienceSettings): Verdict {
  const isAnswer = 'status' in result
  if (isAnswer && result.status >= 200 && result.status < 300) return { kind: 'delivered' }
  const why = isAnswer ? statusText(result.status) : result.error
  if (isAnswer && result.status === GONE) return { kind: 'disable', why: 'it answered that it is gone (410)' }
  if (failingFor >= settings.webhookPatienceHours * HOUR) {
    return { kind: 'disable', why: `no success for ${hoursText(failingFor)}, at last: ${why}` }
  }
  if (isAnswer && attempts >= settings.webhookAttempts) return { kind: 'give-up', why }
  const step = Math.min(settings.webhookRetrySeconds * 1_000 * 2 ** Math.min(attempts - 1, 40), LONGEST_DELAY)
  const asked = (isAnswer && result.retryAfter) || 0
  return { kind: 'retry', delay: Math.max(asked, step * (0.5 + chance / 2)), why }
}

function statusText(status: number): string {
  const isRedirect = status >= 300 && status < 400
  return isRedirect
    ? `it answered with a redirect (${status}), which is not followed`
    : `it answered with ${status}`
}

function hoursText(ms: number): string {
  return ms < HOUR ? `${Math.ceil(ms / 60_000)} minutes` : `${Math.floor(ms / HOUR)} hours`
}
