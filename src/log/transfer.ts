import { WeftError } from '../errors.ts'
import { Audit } from './audit.ts'
import { link } from './chain.ts'
import type { Draft, Entry, Head, Log, Snapshot } from './log.ts'
import type { EmbeddedLog } from './sqlite.ts'

/** A log that is only read: of either engine, or an export. */
export type Source = Pick<Log, 'base' | 'snapshots' | 'read'>

/** Appends under way at a time. */
const WINDOW = 500

/**
 * Copies `source` into `log`, which must be empty: the same entries with the same hashes, and the same snapshots. Each is
 * checked on its way. Resolves with where it ends; when it fails, what it wrote so far stays behind.
 */
export async function copyLog(source: Source, log: Log | EmbeddedLog): Promise<Head> {
  if (log.head().sequence > 0) throw notEmpty()
  const snapshots = (await source.snapshots()).toReversed()
  const audit = new Audit(await source.base(), snapshots)
  if (audit.head.sequence > 0) await begin(log, audit.head)
  let underWay: Promise<unknown>[] = []
  const settle = async () => {
    await Promise.all(underWay)
    underWay = []
    await keepReached(snapshots, log)
  }
  await settle()
  for await (const entry of source.read(audit.head.sequence + 1)) {
    audit.take({ ...link(audit.head, draftOf(entry)), sequence: entry.sequence, hash: entry.hash })
    underWay.push(log.append(entry.sequence - 1, draftOf(entry)))
    if (underWay.length >= WINDOW) await settle()
  }
  audit.finish()
  await settle()
  return audit.head
}

async function begin(log: Log | EmbeddedLog, base: Head): Promise<void> {
  if ('beginAt' in log) return log.beginAt(base)
  const message = `Entries up to ${base.sequence} were dropped; this store takes whole logs only.`
  throw new WeftError('unsupported', message)
}

/** Takes those out of `snapshots`, the oldest first, whose entry is in the log by now, and keeps them there. */
async function keepReached(snapshots: Snapshot[], log: Log): Promise<void> {
  const { sequence } = log.head()
  while (snapshots[0] && snapshots[0].sequence <= sequence) {
    await log.keepSnapshot(snapshots[0])
    snapshots.shift()
  }
}

function draftOf({ operation, at, actor, events }: Entry): Draft {
  return { operation, at, actor, events }
}

function notEmpty(): WeftError {
  return new WeftError('already-exists', 'There is a log already where this one is to go.', {
    advice: 'Give an empty place, such as another data directory.',
  })
}
