import type { Entry } from '../../log/log.ts'
import type { Webhook } from '../../model/state.ts'
import { changeJson } from '../graph/change-json.ts'
import type { Change } from '../graph/history.ts'

/** What a receiver is sent, the same at each attempt. */
export interface Message {
  readonly id: string
  readonly type: 'change' | 'ping'
  readonly sequence?: number
  readonly body: string
}

/** The id follows from the entry, so that two controllers that tell of it, or one that tells it twice, use the same. */
export function changeMessage(webhook: Webhook, { sequence, hash }: Entry, change: Change): Message {
  const data = { project: webhook.project, ...changeJson(change) }
  const body = JSON.stringify({ type: 'change', timestamp: data.at, data })
  return { id: `${prefix(webhook)}_${sequence}_${hash.slice(0, 12)}`, type: 'change', sequence, body }
}

/** @param key tells one ping from another */
export function pingMessage(webhook: Webhook, key: string, now: number): Message {
  const data = { project: webhook.project, webhook: webhook.id }
  const body = JSON.stringify({ type: 'ping', timestamp: new Date(now).toISOString(), data })
  return { id: `${prefix(webhook)}_ping_${key}`, type: 'ping', body }
}

function prefix({ id }: Webhook): string {
  return `msg_${id.slice('whk-'.length)}`
}
