import type { WeftError } from '../../errors.ts'
import { isRefusal, refusalText } from './client.ts'
import { notWhole } from './errors.ts'

/** What became of a batch of changes. */
export type Committed =
  /** All of them are where they have to be. */
  | { readonly kind: 'done' }
  /**
   * None was made: the log went on, or one of them is settled. The sequences of those operations that were done before;
   * `refused` for those that were asked for again elsewhere, and refused there; `late` for those that were looked for so long
   * ago that nobody may remember such a refusal.
   */
  | {
      readonly kind: 'overtaken'
      readonly known: readonly (number | Unmade | undefined)[]
    }
  /** None was made: it is another writer's turn. */
  | { readonly kind: 'wait' }
  /**
   * None was made: the server is set otherwise, and nobody could look in time what it is now. `harm`: somebody did, and this
   * is what is wrong, or that it does not answer those who look.
   */
  | {
      readonly kind: 'unseen'
      readonly reason: string
      readonly cause?: never
      readonly harm: WeftError | undefined
    }
  /** None was made, and none will be on this link. */
  | {
      readonly kind: 'refused'
      readonly reason: string
      readonly cause?: unknown
    }
  /** Nobody knows. */
  | {
      readonly kind: 'unknown'
      readonly reason: string
      readonly cause?: unknown
    }

/** Why an operation is not made by this try, and by no other that looked for it when this one did. */
export type Unmade = 'refused' | 'late'

/** What came back of a change and of the wait behind it. */
export interface Answered {
  readonly error: unknown
  readonly reply: readonly string[]
  /** Where the server is set otherwise, and nothing was done: what is wrong. */
  readonly harm?: WeftError
  /** Whether all that must have the change have it. */
  readonly reached: boolean
}

/** Said by a script in mid-use; who takes up the server again says it at length. */
export const OTHER_LEVEL = 'The log is kept at another level now.'

/** Where nobody could look in time what it is now. */
export const SET_OTHERWISE = 'Somebody has set the Redis server otherwise a moment ago.'

/** Reads the answer of COMMIT. */
export function toCommitted({ error, reply, reached, harm }: Answered): Committed {
  if (error) {
    return isRefusal(error)
      ? { kind: 'refused', reason: refusalText(error), cause: error }
      : { kind: 'unknown', reason: 'The Redis server did not answer.', cause: error }
  }
  switch (reply[0]) {
    case 'done':
      return reached
        ? { kind: 'done' }
        : { kind: 'unknown', reason: 'Not every Redis replica confirmed the change.' }
    case 'overtaken':
      return { kind: 'overtaken', known: reply.slice(1).map(toKnown) }
    case 'wait':
      return { kind: 'wait' }
    case 'damaged': {
      const cause = notWhole(reply[1] ?? '')
      return { kind: 'refused', reason: cause.message, cause }
    }
    case 'unseen':
      return { kind: 'unseen', reason: harm?.message ?? SET_OTHERWISE, harm }
    case 'level':
      return { kind: 'refused', reason: OTHER_LEVEL }
    default:
      return { kind: 'refused', reason: 'The Redis server is not the one that was armed.' }
  }
}

function toKnown(text: string): number | Unmade | undefined {
  return text === 'refused' || text === 'late' ? text : Number(text) || undefined
}
