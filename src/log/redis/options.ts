import type { WeftError } from '../../errors.ts'
import type { Level } from './check.ts'
import type { Keys } from './keys.ts'

export interface RedisLogOptions {
  readonly urls: readonly string[]
  /** Tells logs on the same servers apart. */
  readonly realm: string
  readonly level: Level
  /** Where it is; those of the realm, unless it is one that is being imported. */
  readonly keys?: Keys
  /** Whether there has to be a log: none is begun then, and opening rejects with `not-found`. */
  readonly mustExist?: boolean
  /** Names this writer to the others; another one at each start. */
  readonly writer: string
  /** File with how far the log is known to have gone; without one that is known only while the process lives. */
  readonly journal?: string | undefined
  /** What an operator has to hear of. */
  readonly tell?: (news: RedisNews) => void
}

export type RedisNews =
  /** No changes go. */
  | { readonly kind: 'refusing'; readonly reason: WeftError }
  /** Changes go. */
  | { readonly kind: 'accepting'; readonly server: string }
  /** The server was armed with nobody to vouch for its history. */
  | { readonly kind: 'unwitnessed'; readonly server: string }
  /** Acknowledged changes are gone, and the level is one that goes on without them. */
  | { readonly kind: 'lost'; readonly reason: WeftError; readonly entries: readonly LostEntry[] }

/** A change that was acknowledged and is gone, as far as this controller still knows of it. */
export interface LostEntry {
  readonly sequence: number
  readonly operation: string
}
