import { WeftError } from '../errors.ts'
import type { State } from '../model/state.ts'
import { Audit } from './audit.ts'
import { draftOf, link, type Row } from './chain.ts'
import type { Entry, Head, Log, Snapshot } from './log.ts'
import { patiently } from './patience.ts'

/** A log that is only read: of either engine, or an export. */
export type Source = Pick<Log, 'base' | 'snapshots' | 'read'>

/** Appends under way at a time. */
const WINDOW = 500

/** Where a log ends, and what it amounts to there. */
export type End = Pick<Audit, 'head' | 'state'>

/** Reads all of it. Resolves with its end; rejects with `log-damaged`, naming the first bad entry. */
export async function auditSource(source: Source): Promise<End> {
  const audit = new Audit(await source.base(), await source.snapshots())
  for await (const _ of entriesUnder(audit, source));
  return audit
}

/** An entry that fits the chain, and the states around it; undefined where nobody can know them. */
export interface AuditedEntry {
  readonly entry: Entry
  readonly before: State | undefined
  readonly after: State | undefined
}

/** Every entry, each checked before it is given out. Rejects as `auditSource` does. */
export async function* auditedEntries(source: Source): AsyncGenerator<AuditedEntry, void, void> {
  yield* entriesUnder(new Audit(await source.base(), await source.snapshots()), source)
}

async function* entriesUnder(audit: Audit, source: Source): AsyncGenerator<AuditedEntry, void, void> {
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
 * @param patience milliseconds for a store that refuses to take entries again
 */
export async function copyLog(source: Source, log: Log, { patience = 0 } = {}): Promise<Head> {
  if (log.head().sequence > 0) throw notEmpty()
  const snapshots = (await source.snapshots()).toReversed()
  const audit = new Audit(await source.base(), snapshots)
  const start = audit.head
  if (start.sequence > 0) await patiently(patience, () => log.beginAt(start))
  let window: Entry[] = []
  const settle = async () => {
    await patiently(patience, () => appendRest(window, log))
    window = []
    await patiently(patience, () => keepReached(snapshots, log))
  }
  await settle()
  for await (const entry of source.read(audit.head.sequence + 1)) {
    audit.take(rowOf(audit.head, entry))
    window.push(entry)
    if (window.length >= WINDOW) await settle()
  }
  audit.finish()
  await settle()
  return audit.head
}

/** Appends those of `window` that the log does not have. */
async function appendRest(window: readonly Entry[], log: Log): Promise<void> {
  const { sequence } = await log.refresh()
  const rest = window.filter((entry) => entry.sequence > sequence)
  const answers = await Promise.allSettled(
    rest.map((entry) => log.append(entry.sequence - 1, draftOf(entry))),
  )
  const failed = answers.find((answer) => answer.status === 'rejected')
  if (failed) throw failed.reason
}

/** Takes those out of `snapshots`, the oldest first, whose entry is in the log by now, and keeps them there. */
async function keepReached(snapshots: Snapshot[], log: Log): Promise<void> {
  const { sequence } = log.head()
  while (snapshots[0] && snapshots[0].sequence <= sequence) {
    if (!(await isKept(snapshots[0], log))) await log.keepSnapshot(snapshots[0])
    snapshots.shift()
  }
}

/** An answer may have got lost, and this be the second try. */
async function isKept({ sequence, hash }: Snapshot, log: Log): Promise<boolean> {
  const kept = await log.snapshots()
  return kept.some((one) => one.sequence === sequence && one.hash === hash)
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
