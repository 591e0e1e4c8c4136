import { WeftError } from '../errors.ts'
import type { State } from '../model/state.ts'
import { Audit } from './audit.ts'
import { draftOf, link, type Row } from './chain.ts'
import type { Entry, Head, Log, Snapshot } from './log.ts'

/** A log that is only read: of either engine, or an export. */
export type Source = Pick<Log, 'base' | 'snapshots' | 'read'>

/** Appends under way at a time. */
const WINDOW = 500

/** Reads all of it. Rejects with `log-damaged`, naming the first bad entry. */
export async function auditSource(source: Source): Promise<void> {
  for await (const _ of auditedEntries(source));
}

/** An entry that fits the chain, and the states around it; undefined where nobody can know them. */
export interface AuditedEntry {
  readonly entry: Entry
  readonly before: State | undefined
  readonly after: State | undefined
}

/** Every entry, each checked before it is given out. Rejects as `auditSource` does. */
export async function* auditedEntries(source: Source): AsyncGenerator<AuditedEntry, void, void> {
  const audit = new Audit(await source.base(), await source.snapshots())
  for await (const entry of source.read(audit.head.sequence + 1)) {
    const before = audit.state
    audit.take(rowOf(audit.head, entry))
    yield { entry, before, after: audit.state }
  }
  audit.finish()
}

/**
 * Copies `source` into `log`, which must be empty: the same entries with the same hashes, and the same snapshots. Each is
 * checked on its way. Resolves with where it ends; when it fails, what it wrote so far stays behind.
 */
export async function copyLog(source: Source, log: Log): Promise<Head> {
  if (log.head().sequence > 0) throw notEmpty()
  const snapshots = (await source.snapshots()).toReversed()
  const audit = new Audit(await source.base(), snapshots)
  if (audit.head.sequence > 0) await log.beginAt(audit.head)
  let underWay: Promise<unknown>[] = []
  const settle = async () => {
    await Promise.all(underWay)
    underWay = []
    await keepReached(snapshots, log)
  }
  await settle()
  for await (const entry of source.read(audit.head.sequence + 1)) {
    audit.take(rowOf(audit.head, entry))
    underWay.push(log.append(entry.sequence - 1, draftOf(entry)))
    if (underWay.length >= WINDOW) await settle()
  }
  audit.finish()
  await settle()
  return audit.head
}

/** Takes those out of `snapshots`, the oldest first, whose entry is in the log by now, and keeps them there. */
async function keepReached(snapshots: Snapshot[], log: Log): Promise<void> {
  const { sequence } = log.head()
  while (snapshots[0] && snapshots[0].sequence <= sequence) {
    await log.keepSnapshot(snapshots[0])
    snapshots.shift()
  }
}

/** The entry as it would be stored behind `previous`, with the number and hash that it came with. */
function rowOf(previous: Head, entry: Entry): Row {
  return { ...link(previous, draftOf(entry)), sequence: entry.sequence, hash: entry.hash }
}

function notEmpty(): WeftError {
  return new WeftError('already-exists', 'There is a log already where this one is to go.', {
    advice: 'Give an empty place, such as another data directory.',
  })
}
