import { field, replicasIn } from './status.ts'

/** What has to have a change before it counts as made. */
export interface Barrier {
  /** The replicas that must have it, by `host:port`; or how many, whichever they are. */
  readonly replicas: readonly string[] | number
}

/** How many replicas to wait for. */
export function countOf({ replicas }: Barrier): number {
  return typeof replicas === 'number' ? replicas : replicas.length
}

/** Milliseconds for which a change waits for replicas: with everything around it, it is answered within three seconds. */
export const WAIT_LIMIT = 1_000

/** The commands that go behind a change in the same pipeline: where it stands in the replication stream, and the wait. */
export function barrierCommands(barrier: Barrier): string[][] {
  const count = countOf(barrier)
  if (count === 0) return []
  return [
    ['info', 'replication'],
    ['wait', String(count), String(WAIT_LIMIT)],
    ['info', 'replication'],
  ]
}

/**
 * Whether all that must have the change have it. WAIT counts any replicas, those that are never promoted too, so the count
 * alone says it only when there are no others. @param vouched those whose word counts
 */
export function isReached(
  barrier: Barrier,
  replies: readonly unknown[],
  vouched: ReadonlySet<string>,
): boolean {
  const { replicas } = barrier
  if (countOf(barrier) === 0) return true
  const [before, waited, after] = replies
  const enough = typeof waited === 'number' && waited >= countOf(barrier)
  if (typeof replicas === 'number' || !enough) return enough
  const attached = replicasIn(String(after))
  if (!replicas.every((replica) => attached.has(replica) && vouched.has(replica))) return false
  if (attached.size === replicas.length) return true
  const offset = Number(field(String(before), 'master_repl_offset'))
  return replicas.every((replica) => (attached.get(replica) ?? 0) >= offset)
}
