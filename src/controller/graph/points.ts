import { WeftError } from '../../errors.ts'
import type { Entry, Log } from '../../log/log.ts'
import { type EntryFilter, isOfTime } from '../entry-filter.ts'

/** Where a network stood after an entry. */
export interface Point {
  readonly sequence: number
  readonly revision: number
  /** Of the entry, in milliseconds since 1970. */
  readonly at: number
}

/** Entries that are read on to; what lies further off is looked up, which reads about as many. */
const NEAR = 128

/** Index of the first point that is not before `value`, by halving. */
export function firstAtOrAfter(
  points: readonly Point[],
  what: 'sequence' | 'revision',
  value: number,
): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((points[middle]?.[what] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The points of a time that come next, in the order in which they are wanted. @param after the last that was looked at */
export function pointsAhead(
  points: readonly Point[],
  { backwards, after, filter }: { backwards: boolean; after: number | undefined; filter: EntryFilter },
): readonly Point[] {
  const rest = backwards
    ? points.slice(0, firstAtOrAfter(points, 'sequence', after ?? Number.POSITIVE_INFINITY)).reverse()
    : points.slice(firstAtOrAfter(points, 'sequence', (after ?? 0) + 1))
  return rest.filter(({ at }) => isOfTime(at, filter))
}

/** The entries of points, in the order of the points. Rejects with `not-found` when one is not in the log any more. */
export async function entriesOf(
  points: readonly Point[],
  log: Pick<Log, 'read'>,
): Promise<readonly (readonly [Point, Entry])[]> {
  const wanted = points.map(({ sequence }) => sequence).sort((a, b) => a - b)
  const found = new Map<number, Entry>()
  for (const sequence of wanted) {
    if (!found.has(sequence)) await readOn(new Set(wanted), sequence, log, found)
  }
  return points.map((point) => {
    const entry = found.get(point.sequence)
    if (entry) return [point, entry]
    throw gone(point.sequence)
  })
}

/** Takes what is wanted from `from` on, for as long as it lies near to each other. */
async function readOn(
  wanted: ReadonlySet<number>,
  from: number,
  log: Pick<Log, 'read'>,
  found: Map<number, Entry>,
): Promise<void> {
  let last = from
  for await (const entry of log.read(from)) {
    if (wanted.has(entry.sequence)) {
      found.set(entry.sequence, entry)
      last = entry.sequence
    }
    if (entry.sequence >= last + NEAR || found.size === wanted.size) return
  }
}

export function gone(sequence: number): WeftError {
  return new WeftError('not-found', `Entry ${sequence} is not in the log any more.`)
}
