import { isDeepStrictEqual } from 'node:util'
import type { AuditRecord } from '../../client/operations.ts'
import { type AuditFilter, auditRecord } from '../../controller/audit/record.ts'
import type { Viewer } from '../../controller/sight.ts'
import { WeftError } from '../../errors.ts'
import { parseNodeId } from '../../keys/identity.ts'
import type { Head } from '../../log/log.ts'
import { type AuditedEntry, auditedEntries, type Source } from '../../log/transfer.ts'
import { parseNetworkId, parseProjectId } from '../../model/names.ts'
import type { ExportHeader } from './export.ts'

export interface Compared {
  readonly records: number
  /** Records that are what the log says, with before and after. */
  readonly checked: number
  /** Records of which the entry is in the log, but not what led to it. */
  readonly partly: number
  /** Records of entries that were dropped. */
  readonly unchecked: number
  /** Of the log, all of which was checked. */
  readonly head: Head
}

interface Exported {
  readonly header: ExportHeader
  readonly records: AsyncGenerator<AuditRecord, void, void>
}

/**
 * Makes every record again from the log and compares. Rejects with `digest-mismatch`, naming the first record that is not
 * what the log says or is missing, and with `log-damaged` when the log itself is not what was written.
 */
export async function compareAudit({ header, records }: Exported, source: Source): Promise<Compared> {
  const base = await source.base()
  const counts = { records: 0, checked: 0, partly: 0, unchecked: 0 }
  const next = async () => {
    const { value } = await records.next()
    if (value) counts.records += 1
    return value ?? undefined
  }
  let record = await next()
  for (; record && record.sequence <= base.sequence; record = await next()) counts.unchecked += 1
  let head: Head = base
  for await (const step of auditedEntries(source)) {
    const { sequence, hash } = step.entry
    head = { sequence, hash }
    if (sequence === header.to.sequence && hash !== header.to.hash) throw notOurs(sequence)
    const own = record?.sequence === sequence ? record : undefined
    if (sequence <= header.to.sequence) counts[compare(own, step, header)] += own ? 1 : 0
    if (own) record = await next()
  }
  if (record) throw unknown(record.sequence, head)
  if (head.sequence < header.to.sequence) throw unknown(header.to.sequence, head)
  return { ...counts, head }
}

/** How far a record could be compared with its entry. Throws when it differs, is missing, or should not be there. */
function compare(
  record: AuditRecord | undefined,
  { entry, before, after }: AuditedEntry,
  header: ExportHeader,
): 'checked' | 'partly' {
  if (!before || !after) {
    const isOfEntry = record?.hash === entry.hash && record.at === new Date(entry.at).toISOString()
    if (record && !isOfEntry) throw differs(entry.sequence)
    return 'partly'
  }
  const made = auditRecord({ entry, before, after, complete: true }, viewerOf(header), filterOf(header))
  if (!record && made && entry.sequence >= header.from) {
    throw new WeftError(
      'digest-mismatch',
      `The record of entry ${entry.sequence} is missing from the export.`,
    )
  }
  if (!record) return 'checked'
  // What the controller had dropped by then, this log may still have.
  const known = (one: AuditRecord): unknown => (record.complete ? one : essence(one))
  if (!made || !isDeepStrictEqual(known(record), known(plain(made)))) throw differs(entry.sequence)
  return record.complete ? 'checked' : 'partly'
}

/** What can be told of an entry without the states around it. */
function essence({ hash, at, actor, origin, actions, events }: AuditRecord): unknown {
  return { hash, at, actor, origin, actions, events }
}

/** As it is after a way through JSON. */
function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value))
}

function viewerOf({ viewer: { project, bound } }: ExportHeader): Viewer {
  return { project: project === null ? undefined : parseProjectId(project), bound }
}

function filterOf({ filter }: ExportHeader): AuditFilter {
  const { network, node, actor, action, since, until } = filter
  return {
    network: network === undefined ? undefined : parseNetworkId(network),
    node: node === undefined ? undefined : parseNodeId(node),
    actor,
    actions: action && new Set(action),
    since: since === undefined ? undefined : Date.parse(since),
    until: until === undefined ? undefined : Date.parse(until),
  }
}

function differs(sequence: number): WeftError {
  return new WeftError('digest-mismatch', `The record of entry ${sequence} is not what the log says.`, {
    advice: 'Either the export was altered, or it is of another log.',
  })
}

function notOurs(sequence: number): WeftError {
  return new WeftError(
    'digest-mismatch',
    `Entry ${sequence} is another one in this log: the export is not of it.`,
  )
}

function unknown(sequence: number, head: Head): WeftError {
  return new WeftError(
    'digest-mismatch',
    `The export speaks of entry ${sequence}; the log ends with ${head.sequence}.`,
    {
      advice: 'The log is older than the export, or its end was cut off.',
    },
  )
}
