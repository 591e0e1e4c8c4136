import type { DatabaseSync } from 'node:sqlite'
import { WeftError } from '../errors.ts'
import type { State } from '../model/state.ts'
import { Audit } from './audit.ts'
import { damaged } from './chain.ts'
import { openReadOnly, storeError } from './database.ts'
import type { Head } from './log.ts'
import { checkSignedHead, type SignedHead } from './signedhead.ts'
import { SnapshotRows } from './snapshotrows.ts'
import { baseOf, SELECT, toRow } from './store.ts'

export interface Verified {
  /** How many there are. */
  readonly entries: number
  /** The last one that was dropped; 0 when all are there. */
  readonly dropped: number
  /** Sequences of the snapshots, the newest first. */
  readonly snapshots: readonly number[]
  readonly head: Head
}

/** Where the log once stood, as kept elsewhere: only that shows whether its end was cut off, or an old copy restored. */
export interface Known {
  readonly head?: Head | undefined
  /** Must be signed by the controller of this log. */
  readonly signed?: SignedHead | undefined
  /** Hears of an end that may have been cut off, where the log does not tell; without it that is refused too. */
  readonly onDoubt?: ((doubt: WeftError) => void) | undefined
}

/**
 * Reads a whole log, whether or not its controller runs, and changes nothing. Rejects with `log-damaged`, naming the
 * first bad entry, or with `invalid-config` when there is no log.
 */
export async function verifyLog(path: string, known: Known = {}): Promise<Verified> {
  const { signed, onDoubt } = known
  using database = openReadOnly(path)
  // One view of the file, whatever its controller writes or drops meanwhile.
  database.exec('BEGIN')
  const hashes = new Map<number, string>()
  for (const head of [known.head, signed]) if (head) hashes.set(head.sequence, '')
  const { audit, dropped, snapshots } = walk(database, path, hashes)
  const { head, state } = audit
  if (signed) checkSigner(signed, state)
  const isThere = (each: Head) => each.sequence <= dropped || hashes.get(each.sequence) === each.hash
  const isOutdated = signed && state && state.epoch > signed.epoch && !isThere(signed)
  if (isOutdated && !onDoubt) throw outdated(signed, state)
  if (isOutdated) onDoubt?.(outdated(signed, state))
  for (const each of [known.head, isOutdated ? undefined : signed]) {
    if (each && each.sequence > dropped) checkKnown(each, head, hashes.get(each.sequence))
  }
  checkFile(database, path, head)
  return { entries: head.sequence - dropped, dropped, snapshots, head }
}

function checkSigner(signed: SignedHead, state: State | undefined): void {
  if (state?.authority) return checkSignedHead(signed, state.authority.publicKey)
  throw new WeftError(
    'log-damaged',
    'A head was kept, but the log names no controller that could have signed it.',
    {
      advice: 'Give the head that belongs to this log, or the log that belongs to this head.',
    },
  )
}

/** Who restores a backup raises the epoch, and so can who cuts off the end: the log does not tell one from the other. */
function outdated({ sequence, epoch, at }: SignedHead, state: State): WeftError {
  const message = `The head that was kept is of epoch ${epoch}, the log is at epoch ${state.epoch} and lacks entry ${sequence} of then.`
  return new WeftError('log-damaged', message, {
    advice: `That is so after a backup was restored, or lost changes were given up, since ${new Date(at).toISOString()}; if neither was done, its end was cut off. A controller that runs on it keeps a new head.`,
  })
}

/** @param hashes at the sequences that are wanted; filled on the way */
function walk(database: DatabaseSync, path: string, hashes: Map<number, string>) {
  let next = 1
  try {
    const base = baseOf(database)
    next = base.sequence + 1
    const snapshots = new SnapshotRows(database).all()
    const audit = new Audit(base, snapshots)
    for (const record of database.prepare(`${SELECT} ORDER BY sequence`).iterate()) {
      const { sequence, hash } = audit.take(toRow(record))
      if (hashes.has(sequence)) hashes.set(sequence, hash)
      next = sequence + 1
    }
    audit.finish()
    return { audit, dropped: base.sequence, snapshots: snapshots.map(({ sequence }) => sequence) }
  } catch (cause) {
    if (cause instanceof WeftError) throw cause
    const error = storeError(cause, path)
    throw error.code === 'log-damaged' ? damaged(next, `cannot be read. ${error.message}`) : error
  }
}

function checkKnown(known: Head, head: Head, hash: string | undefined): void {
  if (head.sequence < known.sequence) {
    throw damaged(head.sequence + 1, `is missing: the end is cut off, up to entry ${known.sequence} at least`)
  }
  if (hash !== known.hash) throw damaged(known.sequence, 'is not the one that was known')
}

/** What the chain cannot see: the index by operation, and pages that hold no entry. */
function checkFile(database: DatabaseSync, path: string, { sequence }: Head): void {
  const found = integrityOf(database)
  if (found === 'ok') return
  const message = `The log fits its chain up to entry ${sequence}, but ${path} is damaged: ${found}.`
  throw new WeftError('log-damaged', message, { advice: 'Stop the controller and restore a backup.' })
}

function integrityOf(database: DatabaseSync): unknown {
  try {
    return database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check
  } catch (cause) {
    return cause
  }
}
