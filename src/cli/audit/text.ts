import type { AuditChange, AuditRecord } from '../../client/operations.ts'
import { printable } from '../printable.ts'

/** A record for people: who and from where, what, and how things were before and after. */
export function recordText(record: AuditRecord): string {
  const { sequence, at, what, events, changes, changesOmitted, complete } = record
  const more = events > what.length ? [`and ${events - what.length} more`] : []
  const lines = [
    `${sequence}  ${at}  ${who(record)}`,
    ...[...what, ...more].map((each) => `    ${each}`),
    ...changes.flatMap(changeLines).map((each) => `        ${each}`),
    ...(changesOmitted > 0 ? [`        and ${changesOmitted} more changed`] : []),
    ...(complete ? [] : ['        before and after are not known any more']),
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}

function who({ actor, actorName, origin }: AuditRecord): string {
  const name = actorName === actor ? actor : `${actorName} (${actor})`
  const from = origin.address === null ? '' : ` from ${origin.address}`
  const request = origin.requestId === null ? '' : `, request ${origin.requestId}`
  return `${name} by ${origin.via}${from}${request}`
}

/** Of what was changed only the fields that are others now. */
function changeLines({ kind, id, name, before, after }: AuditChange): string[] {
  const what = `${kind} ${name ?? id}`
  if (!before || !after) return [`${what}: ${before ? 'was' : 'is'} ${JSON.stringify(before ?? after)}`]
  return Object.keys(after)
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => `${what}: ${key} ${JSON.stringify(before[key])} -> ${JSON.stringify(after[key])}`)
}
