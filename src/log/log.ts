import type { WeftError } from '../errors.ts'
import type { Event } from '../model/event.ts'

/** A change that is to be made: all of its events, or none. */
export interface Draft {
  /** Names the change: the same operation is done once, however often it is asked for. */
  readonly operation: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** Who wanted it: a token id, a node id, or `system`. */
  readonly actor: string
  /** Of a change that may be asked for again: what tells its request from others under the same name. */
  readonly request?: string
  /** Absent: the controller did it by itself, or it is older than this field. */
  readonly origin?: Origin
  readonly events: readonly Event[]
}

/** From where a change was asked for. */
export interface Origin {
  readonly via: 'rest' | 'agent'
  /** Of the other end of the connection; absent for a local socket. */
  readonly address?: string
  /** Id of the request, which the answer and the controller's own log name too. */
  readonly request?: string
}

/** A change that was made, and cannot be lost any more. */
export interface Entry extends Draft {
  /** 1 for the first; without gaps. */
  readonly sequence: number
  /** SHA-256, hex, over this entry and the hash before it (chain.ts). */
  readonly hash: string
}

/** Where a log ends. Kept elsewhere, it shows whether the end was cut off. */
export interface Head {
  /** 0 while there is no entry. */
  readonly sequence: number
  /** Of the last entry; 64 zeros while there is none. */
  readonly hash: string
}

export interface Appended {
  readonly entry: Entry
  /** Whether the operation had been done before: `entry` is that of the first time, whatever was asked now. */
  readonly repeated: boolean
}

export interface AppendOptions {
  /** Whether the operation got its name for this very call, so that it need not be searched for. */
  readonly isNew?: boolean
  /** The change that this one was decided on, if it was not known yet whether that becomes durable. */
  readonly after?: Draft | undefined
  /** Of the look with which the call began. */
  readonly refusal?: string
}

/** What is known of an operation when a call begins that may do it. */
export interface Look {
  readonly entry: Entry | undefined
  /** Names this look, and with it the last time before it that the operation was refused. */
  readonly refusal: string
}

/** What the first `sequence` entries amount to, so that they need not be read again. `hash` is that of entry `sequence`. */
export interface Snapshot extends Head {
  /** The state, encoded (model/codec.ts). A log does not look into it. */
  readonly state: Uint8Array
  /** base64url; of the controller, over all of this (snapshot.ts). */
  readonly signature: string
}

/**
 * The append-only log: the one place where state lives. Errors of every method: `store-unavailable` when the store
 * refuses at the moment and will recover by itself, `log-damaged` when it never will, `unavailable` after it was closed.
 * An append that ends with `store-unavailable` may yet have been done: the same operation asked for again tells.
 */
export interface Log extends AsyncDisposable {
  /** The last durable entry that is known here; a store that others write to may be further. */
  head(): Head
  /** Asks the store how far it is. Resolves when `head()` is what was durable at the time of the call, or further. */
  refresh(): Promise<Head>
  /**
   * Takes or keeps a duty for `life` ms, for one of those that write to the store. It spares work that would be done twice;
   * nothing may depend on it.
   */
  lease(duty: string, life: number): Promise<boolean>
  /**
   * Appends `draft` if the last entry, counting those on their way to the disk, is `expectedSequence`, and that of `after`
   * if there is one: another's may have got its number meanwhile. Rejects with `conflict` otherwise, and then `head()` is at least what was in the way. Resolves once it is durable. When one append
   * fails, those that stood on it fail too.
   */
  append(expectedSequence: number, draft: Draft, options?: AppendOptions): Promise<Appended>
  /** The entry of an operation, if it was done and has not been dropped. */
  find(operation: string): Promise<Entry | undefined>
  look(operation: string): Promise<Look>
  /**
   * The entry of an operation, if it was done by now. If not, no append of it is done any more whose look was before this:
   * so it may be said that it was refused, whatever another writer is still about to do. Such an append rejects with
   * `store-unavailable`.
   */
  refuse(operation: string): Promise<Entry | undefined>
  /**
   * The entries from sequence `from` on that are durable at the time of the call. Each is checked against the chain before it is given out. Rejects with
   * `not-found` when entry `from` was dropped, with `conflict` when it is behind the next one to come.
   */
  read(from: number): AsyncIterable<Entry>
  /** Like `read`, and then each entry when it becomes durable. Ends when `signal` is aborted or the log closed. */
  follow(from: number, signal: AbortSignal): AsyncIterable<Entry>
  /** Those that are kept, the newest first: two at most, so that one may be damaged. */
  snapshots(): Promise<readonly Snapshot[]>
  /**
   * Keeps `snapshot` beside the newest one so far. Resolves once it is durable. Rejects with `conflict` when the chain does
   * not go through it, or a newer one is kept.
   */
  keepSnapshot(snapshot: Snapshot): Promise<void>
  /** The last entry that was dropped: entries are there from the next one on. Sequence 0 when all are there. */
  base(): Promise<Head>
  /** Drops the entries up to `sequence`, but none that is not in every kept snapshot. Resolves with the base as it is then. */
  compact(sequence: number): Promise<Head>
  /**
   * Lets an empty log begin behind `base`, to take in one from which entries were dropped; a snapshot has to follow. Rejects
   * with `conflict` when it is not empty. May be repeated when it is not known whether it was done.
   */
  beginAt(base: Head): Promise<void>
  /** Why no change can be made at the moment, as far as the store knows without trying; undefined: they go. */
  readonly refusal: WeftError | undefined
  /** Resolves when the log can never be used again: nothing that was written since can be vouched for, so stop. */
  readonly failed: Promise<WeftError>
}
