import type { Hint } from '../../protocol/frames.ts'
import type { Message } from '../push/message.ts'

/** What an agent was told of its LAN in one network. */
export interface LanTold {
  /** Number of the first touch that it was not told; undefined: in this session it was told nothing. */
  readonly touch: number | undefined
  /** Of what it has: as it says when a session begins, and as it was told where it reads no parts. */
  readonly digest: string | undefined
  /** How it can be reached itself, as it was told. */
  readonly own: Hint | undefined
  /** What it said in the middle of a session that it has, when more may have been on its way to it. */
  readonly claim?: { readonly digest: string | undefined }
}

/** What it is to be sent, and what it was told afterwards. */
export interface LanStep {
  readonly message?: Message
  readonly told: LanTold
}

/** Nobody has this one, so all is told, even that there is nothing. */
export const UNKNOWN = ''

/** What one was told of which only that is known. @param digest by which it shows what it has; undefined: it has nothing */
export function knownLan(digest: string | undefined): LanTold {
  return { touch: undefined, digest, own: undefined }
}

/**
 * What one was told who says what it has. In the middle of a session that counts only as far as it is what it was told last, or
 * said when the session began: with a part that it had not heard yet it may be something else, even if what it has is right by
 * now, and who was removed and is a member again has nothing of what it had.
 * @param before what it was told in this session; undefined: it begins
 */
export function claimedLan(before: LanTold | undefined, digest: string | undefined): LanTold {
  if (!before) return knownLan(digest)
  if (before.touch !== undefined) return { ...before, claim: { digest } }
  return digest === before.digest ? before : knownLan(UNKNOWN)
}

/** What one was told who may have anything: it is told all, even that there is nothing. */
export function unknownLan(before: LanTold | undefined): LanTold {
  return claimedLan(before, UNKNOWN)
}
