import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { damaged } from './chain.ts'
import type { Head, Snapshot } from './log.ts'

/** Bytes written at a time: so long everything else waits, a few ms. */
const PART_BYTES = 256 * 1024
/** The newest, and one in case that is damaged. */
const KEPT = 2

/** One transaction of writing a snapshot. */
interface Step {
  /** About so many bytes it writes. */
  readonly bytes: number
  readonly write: () => void
}

/** The snapshots in SQLite. A snapshot exists when its row does; parts without one are leftovers of a crash. */
export class SnapshotRows {
  readonly #heads: StatementSync
  readonly #parts: StatementSync
  readonly #insert: StatementSync
  readonly #insertPart: StatementSync
  readonly #drop: StatementSync
  readonly #dropParts: StatementSync

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql)
    this.#heads = prepare('SELECT sequence, hash, signature FROM snapshots ORDER BY sequence DESC')
    this.#parts = prepare('SELECT bytes FROM snapshot_parts WHERE sequence = ? ORDER BY part')
    this.#insert = prepare('INSERT INTO snapshots (sequence, hash, signature) VALUES (?, ?, ?)')
    this.#insertPart = prepare('INSERT INTO snapshot_parts (sequence, part, bytes) VALUES (?, ?, ?)')
    this.#drop = prepare('DELETE FROM snapshots WHERE sequence = ?')
    this.#dropParts = prepare(
      'DELETE FROM snapshot_parts WHERE sequence NOT IN (SELECT sequence FROM snapshots)',
    )
  }

  /** The newest first. */
  all(): Snapshot[] {
    return this.#rows().map((row) => ({ ...row, state: this.#stateOf(row) }))
  }

  sequences(): number[] {
    return this.#rows().map(({ sequence }) => sequence)
  }

  /** The transactions that write `snapshot` and drop what is kept no longer. */
  *writing({ sequence, hash, signature, state }: Snapshot): Generator<Step, void, void> {
    yield { bytes: 0, write: () => this.#dropParts.run() }
    for (let part = 0; part * PART_BYTES < state.length; part++) {
      const bytes = state.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)
      yield { bytes: bytes.length, write: () => this.#insertPart.run(sequence, part, bytes) }
    }
    const finish = () => {
      this.#insert.run(sequence, hash, signature)
      for (const old of this.sequences().slice(KEPT)) this.#drop.run(old)
      this.#dropParts.run()
    }
    yield { bytes: PART_BYTES, write: finish }
  }

  #rows(): Omit<Snapshot, 'state'>[] {
    return this.#heads.all().map(({ sequence, hash, signature }) => ({
      sequence: Number(sequence),
      hash: String(hash),
      signature: String(signature),
    }))
  }

  #stateOf({ sequence }: Head): Uint8Array {
    const parts = this.#parts.all(sequence).map(({ bytes }) => {
      if (bytes instanceof Uint8Array) return bytes
      throw damaged(sequence, 'has a snapshot that cannot be read')
    })
    return new Uint8Array(Buffer.concat(parts))
  }
}
