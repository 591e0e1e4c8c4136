import type { Member } from '../../model/state.ts'
import type { Point } from '../../protocol/content.ts'
import type { NetworkPosition, ResumePosition } from '../../protocol/frames.ts'
import { claimedLan, knownLan, type LanTold, unknownLan } from '../presence/lan-told.ts'
import type { Cursor } from './cursor.ts'
import type { Feed } from './feed.ts'

/** What a session has told its agent of one network, as far as that is known. */
export interface Told {
  /** Undefined: it was told nothing yet. */
  cursor: Cursor | undefined
  lan: LanTold
  /** The revision that the agent said last it has applied, since it came or said that it has something else. */
  applied: number
  /** Revision of the member's own record, 0 before it was told, and the epoch in which it was. */
  self: { readonly revision: number; readonly epoch: number }
  /** Version of the key that the agent was asked for and has not offered yet. */
  keyWanted: number | undefined
  /** Since when the node is a member, if it became one in this session and was told nothing yet. */
  addedAt: number | undefined
  /** When the node left, until it is told so; undefined while it is a member. */
  leftAt: Point | undefined
  /** The first change that it was sent and has not applied yet: of which revision, and since when there was one. */
  unapplied: { readonly revision: number; readonly since: number } | undefined
  /**
   * Where the agent says it is, until it is told something by that. While that is beyond our log, nothing that we have could
   * help it.
   */
  position: ResumePosition | undefined
}

/** Less than any. */
const NO_REVISION = -1
export const NO_SELF = Object.freeze({ revision: 0, epoch: 0 })

export function nothingTold(): Told {
  return {
    cursor: undefined,
    lan: knownLan(undefined),
    applied: NO_REVISION,
    self: NO_SELF,
    keyWanted: undefined,
    addedAt: undefined,
    leftAt: undefined,
    unapplied: undefined,
    position: undefined,
  }
}

/** What counts once an agent has said what it has; undefined: that it has nothing. @param before what it was told until then */
export function claimed(position: ResumePosition | undefined, before: Told | undefined): Told {
  const lan = lanOf(position, before?.lan)
  const applied = before && hasAll(position, before) ? before.applied : NO_REVISION
  return { ...nothingTold(), lan, applied, unapplied: before?.unapplied, position }
}

/** Takes over where the agent says it is. @param feed what the member may see now: no longer that of when it said so, perhaps */
export function takeUp(told: Told, position: ResumePosition, feed: Feed, member: Member): void {
  told.position = undefined
  told.cursor = feed.resume(position)
  const hasSelf = told.cursor && hasOwn(member, position)
  if (hasSelf) told.self = { revision: member.revision, epoch: position.epoch }
}

/** Takes over what the agent has applied. Gives since when there was a change that it has applied now, if that was sent to it. */
export function applied(told: Told, { epoch, revision }: NetworkPosition): number | undefined {
  told.applied = revision
  const { unapplied } = told
  if (!unapplied || epoch !== told.cursor?.epoch || revision < unapplied.revision) return undefined
  told.unapplied = undefined
  return unapplied.since
}

/**
 * Whether an agent has answered the latest that is to be told, and not only something like it: after a policy went back, what
 * it said before the mistake is no answer to the correction.
 */
export function hasAnswered({ cursor, applied }: Told, feed: Feed): boolean {
  return cursor !== undefined && feed.isTold(cursor) && applied >= cursor.revision
}

/** Whether a member was told its own record as it is now. */
export function knowsItself({ self }: Told, { revision }: Member, epoch: number): boolean {
  return self.revision === revision && self.epoch === epoch
}

/**
 * What an agent has of its LAN. Who has nothing does not say so: neither one that comes and has nothing of the network, nor
 * one that shows all else that it has. Any other may still have what it was told once.
 */
function lanOf(position: ResumePosition | undefined, before: LanTold | undefined): LanTold {
  const hasNothing = position ? position.digest !== undefined : before === undefined
  return hasNothing || position?.lan !== undefined ? claimedLan(before, position?.lan) : unknownLan(before)
}

/** Whether an agent says that it has all that it was told. */
function hasAll(position: ResumePosition | undefined, { cursor }: Told): boolean {
  return (
    position?.digest !== undefined &&
    position.epoch === cursor?.epoch &&
    position.digest === cursor.told.digest
  )
}

/** Whether an agent has its own record as it is now. One that does not say which has that of its revision of the network. */
function hasOwn(member: Member, { self, revision }: ResumePosition): boolean {
  return self === undefined ? member.revision <= revision : member.revision === self
}
