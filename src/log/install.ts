import { access, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WeftError } from '../errors.ts'
import { sync } from '../files.ts'
import { applyEntry } from '../model/apply.ts'
import type { State } from '../model/state.ts'
import { checkNothingLeft, filesOf } from './beside.ts'
import { emptyWal } from './checkpoint.ts'
import { connect } from './database.ts'
import { takeLock } from './lock.ts'
import type { Head, Log } from './log.ts'
import { patiently } from './patience.ts'
import { realOf } from './realpath.ts'
import { startingState } from './snapshot.ts'
import { openSqliteLog } from './sqlite.ts'
import { copyLog, type Source } from './transfer.ts'
import { verifyLog } from './verify.ts'

export interface Install {
  /** Raises the epoch: what agents have of the log's other future counts no more. */
  readonly newEpoch?: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Makes `source` the embedded log at `place`, where none may be. It is there as a whole, read again, or not at all. */
export async function installLog(
  source: Source,
  place: string,
  { newEpoch = false, now }: Install,
): Promise<Head> {
  // Where a link leads, and not in its place.
  const path = realOf(place)
  using _lock = takeLock(path)
  if (await exists(path)) throw taken(path)
  checkNothingLeft(path)
  const draft = `${path}.new`
  await removeLog(draft)
  try {
    await using log = await openSqliteLog(draft)
    await copyLog(source, log)
    if (newEpoch) await raiseEpoch(log, now)
    const head = log.head()
    moveIntoOneFile(draft)
    await log[Symbol.asyncDispose]()
    if (await exists(`${draft}-wal`)) throw notClosed(draft)
    await verifyLog(draft, { head })
    await rename(draft, path)
    // Only then is it there after a power cut too, and not its draft, which the next import removes.
    await sync(dirname(path))
    return head
  } finally {
    await removeLog(draft)
  }
}

/** As it closes SQLite does so too, but says nothing when it cannot, on a disk that is full for one. */
function moveIntoOneFile(path: string): void {
  using _database = connect(path, {}, (database) => {
    if (!emptyWal(database)) throw notClosed(path)
  })
}

/**
 * After a copy was restored that lacks what agents have seen: revisions begin anew, so that nothing is mistaken for it.
 * @param patience milliseconds for a store that refuses at the moment
 */
export async function raiseEpoch(log: Log, now: number, patience = 0): Promise<void> {
  const { sequence, epoch } = await patiently(patience, () => endOf(log))
  const raised = epoch + 1
  const events = [{ type: 'epoch-raised', epoch: raised } as const]
  const draft = { operation: raisingTo(raised), at: now, actor: 'system', events }
  await patiently(patience, () => log.append(sequence, draft))
}

/** The operation that raises the epoch. */
export function raisingTo(epoch: number): string {
  return `epoch-${epoch}`
}

async function endOf(log: Log): Promise<State> {
  let { state } = await startingState(log)
  for await (const entry of log.read(state.sequence + 1)) state = applyEntry(state, entry)
  return state
}

async function removeLog(path: string): Promise<void> {
  for (const ending of ['', '-wal', '-shm', '-journal', '.lock']) await rm(path + ending, { force: true })
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Nobody but this import has business with the draft. */
function notClosed(path: string): WeftError {
  return new WeftError(
    'store-unavailable',
    `Another program has ${path} open, so that it is not in one file.`,
    {
      advice: 'Nothing was imported. Close what has the file open, and do the import again.',
    },
  )
}

function taken(path: string): WeftError {
  return new WeftError('already-exists', `There is a log ${path} already.`, {
    advice: `Move all of it away, that is ${filesOf(path)} as far as they are there, or give another data directory.`,
  })
}
