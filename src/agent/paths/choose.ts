import type { NodeId } from '../../keys/identity.ts'
import type { Candidate } from '../../topology/reach.ts'
import { isBetter, type Path } from './path.ts'
import { PATIENCE } from './patience.ts'
import type { Rests } from './rests.ts'

/** The candidates of a pair and what there is against each. */
export interface Choices {
  readonly candidates: readonly Candidate[]
  readonly rests: Rests
  readonly deadRelays: ReadonlySet<NodeId>
  readonly now: number
}

/** What to try when nothing works. */
export interface Try {
  readonly candidate: Candidate
  /** Milliseconds; more than the limit of its kind when nothing else is left for the time being. */
  readonly pause: number
  readonly round: number
}

/**
 * The best candidate that does not rest; when all do, all are tried again from the best. A link that had worked has
 * traffic waiting, and a relay is the likeliest to carry it: there it comes first, and better ones have their trials later.
 */
export function nextTry(choices: Choices, round: number, isEscape: boolean): Try | undefined {
  const { candidates, rests, deadRelays, now } = choices
  const up = candidates.filter((candidate) => isUp(candidate, deadRelays))
  if (up.length === 0) return undefined
  const ready = up.filter((candidate) => rests.endOf(candidate) <= now)
  const haven = isEscape ? ready.find(({ kind }) => kind === 'relayed') : undefined
  const candidate = haven ?? ready[0]
  if (candidate) return { candidate, round, pause: ready.length === 1 ? pauseAfter(round) : 0 }
  rests.clear()
  return nextTry(choices, round + 1, isEscape)
}

/** A better path to try while this one works, or the instant from which there is one: `Infinity` if never. */
export function improvement(path: Path, notBefore: number, choices: Choices): Candidate | number {
  const { candidates, rests, deadRelays, now } = choices
  let earliest = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    // Where it is for the other end to come, there is nothing to try.
    if (candidate.endpoint === undefined || !isUp(candidate, deadRelays)) continue
    if (!isBetter(candidate, path, candidates)) continue
    const date = Math.max(notBefore, rests.endOf(candidate))
    if (date <= now) return candidate
    earliest = Math.min(earliest, date)
  }
  return earliest
}

/** Whether the candidate needs no relay that is dead. */
export function isUp({ via }: Candidate, deadRelays: ReadonlySet<NodeId>): boolean {
  return via === undefined || !deadRelays.has(via)
}

function pauseAfter(round: number): number {
  return Math.min(PATIENCE.longestPause, PATIENCE.firstPause * 2 ** round)
}
