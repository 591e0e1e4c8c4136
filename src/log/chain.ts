import { createHash } from 'node:crypto'
import { WeftError } from '../errors.ts'
import { canonicalFields } from '../keys/fields.ts'
import type { Draft, Entry, Head } from './log.ts'

/** An entry as it is stored: what is hashed is what lies on the disk, so nothing depends on how JSON is written. */
export interface Row extends Head {
  readonly operation: string
  /** The draft as JSON in UTF-8. */
  readonly payload: Uint8Array
}

/** Before the first entry. */
export const EMPTY: Head = Object.freeze({ sequence: 0, hash: '0'.repeat(64) })

/** The row that follows `previous`. Throws `TypeError` when the draft holds something that must not be written. */
export function link(previous: Head, draft: Draft): Row {
  const payload = Buffer.from(JSON.stringify(draftOf(draft)))
  const sequence = previous.sequence + 1
  return { sequence, operation: draft.operation, payload, hash: hashOf(previous, sequence, payload) }
}

/** The entry in a row that was made of this draft: what `checkLink` would read in it. */
export function entryOf(draft: Draft, { sequence, hash }: Head): Entry {
  return { ...draftOf(draft), sequence, hash }
}

/** Whether this is what became of the draft. Two writers may have decided the same operation, each its own way. */
export function isMadeOf(entry: Draft | undefined, draft: Draft): boolean {
  if (entry?.operation !== draft.operation || entry.at !== draft.at) return false
  return entry.events === draft.events || JSON.stringify(entry.events) === JSON.stringify(draft.events)
}

/** Only what was asked for, its fields in the order in which they are hashed: what is undefined is not written. */
export function draftOf({ operation, at, actor, request, origin, events }: Draft): Draft {
  return {
    operation,
    at,
    actor,
    ...(request !== undefined && { request }),
    ...(origin !== undefined && { origin }),
    events,
  }
}

/** The entry in `row`, if it is what was written behind `previous`. Throws `log-damaged`, naming the first bad entry. */
export function checkLink(previous: Head, row: Row): Entry {
  const expected = previous.sequence + 1
  if (row.sequence !== expected) {
    throw damaged(expected, `is missing: behind entry ${previous.sequence} stands number ${row.sequence}`)
  }
  if (row.hash !== hashOf(previous, expected, row.payload)) {
    throw damaged(expected, 'is not what was written: its hash does not fit the chain')
  }
  const draft = readDraft(row)
  if (draft.operation !== row.operation)
    throw damaged(expected, 'is filed under another operation than its own')
  return { ...draft, sequence: row.sequence, hash: row.hash }
}

/** Only where the log stands there, without the content. */
export function headOf({ sequence, hash }: Head): Head {
  return { sequence, hash }
}

function hashOf(previous: Head, sequence: number, payload: Uint8Array): string {
  const fields = [Buffer.from(previous.hash, 'hex'), String(sequence), payload]
  return createHash('sha256')
    .update(canonicalFields('weft/1 log entry', ...fields))
    .digest('hex')
}

function readDraft({ sequence, payload }: Row): Draft {
  const value = parse(payload)
  if (!isDraft(value)) throw damaged(sequence, 'cannot be read: it is not a change in JSON')
  return value
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString())
  } catch {
    return undefined
  }
}

/** Its shape, and no more: the chain vouches for the content. */
function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) return false
  if (!('operation' in value && 'at' in value && 'actor' in value && 'events' in value)) return false
  const named = typeof value.operation === 'string' && typeof value.actor === 'string'
  return named && typeof value.at === 'number' && Array.isArray(value.events)
}

/** `what` goes on from "Entry N of the log". */
export function damaged(sequence: number, what: string): WeftError {
  return new WeftError('log-damaged', `Entry ${sequence} of the log ${what}.`, {
    advice: 'Stop the controller, keep the file as it is, and restore a backup.',
  })
}
