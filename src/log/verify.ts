import type { DatabaseSync } from 'node:sqlite'
import { WeftError } from '../errors.ts'
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
  /** Must be signed by the controller of this log. Says nothing any more about a log that has been given a new epoch. */
  readonly signed?: SignedHead | undefined
}

/**
 * Reads a whole log, whether or not its controller runs, and changes nothing. Rejects with `log-damaged`, naming the
 * first bad entry, or with `invalid-config` when there is no log.
 */
export async function verifyLog(path: string, { head: known, signed }: Known = {}): Promise<Verified> {
  using database = openReadOnly(path)
  // One view of the file, whatever its controller writes or drops meanwhile.
  database.exec('BEGIN')
  const hashes = new Map<number, string>()
  for (const head of [known, signed]) if (head) hashes.set(head.sequence, '')
  const { audit, dropped, snapshots } = walk(database, path, hashes)
  const { head, state } = audit
  if (signed && state?.authority) checkSignedHead(signed, state.authority.publicKey)
  const isOutdated = signed && state && state.epoch > signed.epoch
  for (const each of [known, isOutdated ? undefined : signed]) {
    if (each && each.sequence > dropped) checkKnown(each, head, hashes.get(each.sequence))
  }
  checkFile(database, path, head)
  return { entries: head.sequence - dropped, dropped, snapshots, head }
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
