import type { Message } from './message.ts'

/** How far a session has been told. It holds nothing of the feed: sessions that stall outlive theirs. */
export interface Cursor {
  /** Name of the feed whose touches it counts. */
  readonly feed: object
  /** Number of the first touch that it was not told. */
  readonly touch: number
  /** The same for hints only; undefined when nobody knows, and only all of them help. */
  readonly hints: number | undefined
  /** What the records that it was told amount to. */
  readonly revision: number
  /** Of the last head that it was told. */
  readonly epoch: number
  /** What it has by that, for a feed that does not know those touches. */
  readonly told: Told
}

/** What somebody has, by digests. */
export interface Told {
  /** Of records and filter; undefined: of none. */
  readonly digest?: string | undefined
  readonly hints?: string | undefined
}

/** What an agent says that it has. */
export interface Claim extends Told {
  readonly epoch: number
  readonly revision: number
}

/** What a session is to be sent, and where it stands afterwards. */
export interface Step {
  readonly frames: readonly Message[]
  readonly cursor: Cursor
  /** Since when the first of the changes in it was there to be told, by the monotonic clock. */
  readonly since: number | undefined
}
