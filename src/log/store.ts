import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import { toWeftError, WeftError } from '../errors.ts'
import { EMPTY, headOf, type Row } from './chain.ts'
import { emptyWal } from './checkpoint.ts'
import { openDatabase, storeError, withoutWaiting } from './database.ts'
import { failpoint } from './failpoint.ts'
import type { Head, Snapshot } from './log.ts'
import { isOutOfRoom } from './room.ts'
import { SnapshotRows } from './snapshotrows.ts'

/** The columns of a row, in the order in which `toRow` has them. */
export const SELECT = 'SELECT sequence, operation, hash, payload FROM entries'

/** Bytes written between two checkpoints, about; SQLite's own default is 1,000 pages. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024
/** What a row costs besides its payload: a page in the table and one in the index. */
const ROW_BYTES = 2 * 4096

/** The rows of the log in SQLite. Every method is synchronous, and throws what `storeError` makes of SQLite's errors. */
export class Store implements Disposable {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #byOperation: StatementSync
  readonly #after: StatementSync
  readonly #at: StatementSync
  readonly #last: StatementSync
  readonly #drop: StatementSync
  readonly #moveBase: StatementSync
  readonly #snapshots: SnapshotRows
  #base: Head
  #sinceCheckpoint = 0
  #isEmptied = false
  #refusal: WeftError | undefined

  constructor(path: string) {
    this.#path = path
    this.#database = openDatabase(path)
    const prepare = (sql: string) => this.#database.prepare(sql)
    this.#insert = prepare('INSERT INTO entries (sequence, operation, hash, payload) VALUES (?, ?, ?, ?)')
    this.#byOperation = prepare(`${SELECT} WHERE operation = ?`)
    this.#after = prepare(`${SELECT} WHERE sequence > ? ORDER BY sequence LIMIT ?`)
    this.#at = prepare(`${SELECT} WHERE sequence = ?`)
    this.#last = prepare(`${SELECT} ORDER BY sequence DESC LIMIT 1`)
    this.#drop = prepare('DELETE FROM entries WHERE sequence <= ?')
    this.#moveBase = prepare('INSERT OR REPLACE INTO base (one, sequence, hash) VALUES (1, ?, ?)')
    this.#snapshots = new SnapshotRows(this.#database)
    this.#base = this.#guard(() => baseOf(this.#database))
  }

  last(): Head {
    return this.#guard(() => headOf(rowOf(this.#last.get()) ?? this.#base))
  }

  /** The last entry that was dropped. */
  get base(): Head {
    return this.#base
  }

  /** Where the log stood at `sequence`; undefined when there is no such entry. */
  at(sequence: number): Head | undefined {
    if (sequence === this.#base.sequence) return this.#base
    const row = this.#guard(() => rowOf(this.#at.get(sequence)))
    return row && headOf(row)
  }

  find(operation: string): Row | undefined {
    return this.#guard(() => rowOf(this.#byOperation.get(operation)))
  }

  /** The next rows, `limit` at most. */
  after(sequence: number, limit: number): Row[] {
    return this.#guard(() => this.#after.all(sequence, limit).map(toRow))
  }

  /** All of `rows` or none. When it returns they are durable. */
  insert(rows: readonly Row[]): void {
    const bytes = rows.reduce((total, row) => total + ROW_BYTES + row.payload.length, 0)
    try {
      this.#transact('log', bytes, () => {
        for (const row of rows) this.#insert.run(row.sequence, row.operation, row.hash, row.payload)
      })
      this.#refusal = undefined
    } catch (error) {
      this.#refusal = toWeftError(error)
      throw error
    }
  }

  /** Why the last rows were refused, as long as there is no room for others: that is tried. */
  get refusal(): WeftError | undefined {
    if (this.#refusal && !isOutOfRoom(this.#path)) this.#refusal = undefined
    return this.#refusal
  }

  /** Drops the entries up to this one. */
  drop({ sequence, hash }: Head): void {
    const bytes = (sequence - this.#base.sequence) * ROW_BYTES
    this.#transact('compact', bytes, () => {
      this.#drop.run(sequence)
      this.#moveBase.run(sequence, hash)
    })
    this.#base = { sequence, hash }
  }

  /** The newest first. */
  snapshots(): Snapshot[] {
    return this.#guard(() => this.#snapshots.all())
  }

  /** The sequences of those that are kept, the newest first. */
  snapshotSequences(): number[] {
    return this.#guard(() => this.#snapshots.sequences())
  }

  /** Writes the parts of a snapshot one by one, so that others can write in between: a transaction at each step. */
  *keep(snapshot: Snapshot): Generator<void, void, void> {
    for (const { bytes, write } of this.#snapshots.writing(snapshot)) {
      this.#transact('snapshot', bytes, write)
      yield
    }
  }

  /**
   * Moves what was written from the write-ahead log to the database now and then. Without space it is done another time;
   * any other error is thrown, because after a failed fsync the kernel may have dropped what SQLite believes written.
   */
  checkpoint(): void {
    if (this.#sinceCheckpoint < CHECKPOINT_BYTES) return
    failpoint('log-before-checkpoint')
    try {
      this.#guard(() => this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)'))
    } catch (error) {
      if (!(error instanceof WeftError && error.code === 'store-unavailable')) throw error
    }
    this.#sinceCheckpoint = 0
    failpoint('log-after-checkpoint')
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }

  /** When it returns, what `write` did is durable; when it throws, it is undone. */
  #transact(step: 'log' | 'snapshot' | 'compact', bytes: number, write: () => void): void {
    this.#guard(() => {
      this.#emptyLog()
      failpoint(`${step}-before-begin`)
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        write()
        failpoint(`${step}-before-commit`)
        this.#database.exec('COMMIT')
        failpoint(`${step}-after-commit`)
      } catch (cause) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw cause
      }
    })
    this.#sinceCheckpoint += bytes
  }

  /**
   * Nothing is put behind what an earlier run has left in the write-ahead log. That run may have ended because of an fsync
   * that failed: what was not written the kernel forgets, takes for written and gives to readers from memory
   * (https://wiki.postgresql.org/wiki/Fsync_Errors), and at a power cut all that follows it would be gone too. At the first
   * write and not at the start, for on a full disk a controller starts and serves all the same. While a program from outside
   * reads, which may take minutes, it cannot be: then before each write that follows, and nothing waits for it.
   */
  #emptyLog(): void {
    if (this.#isEmptied) return
    this.#isEmptied = withoutWaiting(this.#database, () => emptyWal(this.#database))
  }

  #guard<Result>(action: () => Result): Result {
    try {
      return action()
    } catch (cause) {
      throw storeError(cause, this.#path)
    }
  }
}

/** The last entry that was dropped from a log. */
export function baseOf(database: DatabaseSync): Head {
  const { sequence, hash } = database.prepare('SELECT sequence, hash FROM base').get() ?? EMPTY
  return { sequence: Number(sequence), hash: String(hash) }
}

/** A record of `SELECT` as a row. Throws `TypeError` on what no log of ours can hold. */
export function toRow({ sequence, operation, hash, payload }: Record<string, SQLOutputValue>): Row {
  const isRow = typeof sequence === 'number' && typeof operation === 'string' && typeof hash === 'string'
  if (!(isRow && payload instanceof Uint8Array)) throw new TypeError('an entry is not of the right types')
  return { sequence, operation, hash, payload }
}

function rowOf(record: Record<string, SQLOutputValue> | undefined): Row | undefined {
  return record && toRow(record)
}
