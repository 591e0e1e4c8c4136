import { FOLLOWERS, type Followers } from './status.ts'

/** What has to have a change before it counts as made. */
export interface Barrier {
  /**
   * The replicas that must have it, by `host:port`; or how many, whichever they are. 0: the server itself is enough. No names
   * are none that is known: then it is never known that those who must have it do.
   */
  readonly replicas: readonly string[] | number
}

/** Milliseconds for which a change waits for replicas: with everything around it, it is answered within three seconds. */
export const WAIT_LIMIT = 1_000

/** The commands that go behind a change in the same pipeline: who follows, and how far; the wait; and the first again. */
export function barrierCommands({ replicas }: Barrier): string[][] {
  if (replicas === 0) return []
  return [
    ['info', ...FOLLOWERS],
    ['wait', String(countOf(replicas)), String(WAIT_LIMIT)],
    ['info', ...FOLLOWERS],
  ]
}

/** What a server said around a wait. */
export interface Around {
  readonly before: Followers
  /** How many had the change, whichever they are. */
  readonly waited: number
  readonly after: Followers
}

/**
 * Whether all that must have a change have it. `behind`: not all of them, but enough others; they may in a moment. WAIT
 * counts any replicas, also those that are never promoted, and those that are gone since: so the count says it only when
 * nobody else was there all the while, by the same address neither.
 */
export function reachOf(
  { replicas }: Barrier,
  { before, waited, after }: Around,
): 'all' | 'behind' | 'missing' {
  if (waited < countOf(replicas)) return 'missing'
  if (typeof replicas === 'number') return 'all'
  if (replicas.length === 0) return 'missing'
  const own = replicas.map((replica) => after.replicas.get(replica))
  if (!own.every((follower) => follower?.isOnline)) return 'missing'
  const isJustThey =
    before.shared.size === 0 &&
    after.shared.size === 0 &&
    before.attachments === after.attachments &&
    before.replicas.size === replicas.length &&
    replicas.every((replica) => before.replicas.has(replica))
  return isJustThey || own.every((follower) => follower && follower.offset >= before.offset)
    ? 'all'
    : 'behind'
}

function countOf(replicas: Barrier['replicas']): number {
  return typeof replicas === 'number' ? replicas : replicas.length
}
