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
 * The best candidate that does not rest; when all do, all are tried again from the best. A hole is punched by both ends in
 * step, which may take a while: so relays come before it, and carry the link meanwhile. A link that had worked has traffic
 * waiting, and a relay is the likeliest to carry it: there it comes before all others, which have their trials later.
 */
export function nextTry(choices: Choices, round: number, isEscape: boolean): Try | undefined {
  const { candidates, rests, deadRelays, now } = choices
  const up = candidates.filter((candidate) => isUp(candidate, deadRelays))
  if (up.length === 0) return undefined
  const ready = up.filter((candidate) => rests.isOpen(candidate, now))
  const haven = isEscape ? ready.find(({ kind }) => kind === 'relayed') : undefined
  const candidate =
    haven ?? ready.find(({ kind }) => kind === 'lan' || kind === 'direct') ?? firstByRelay(ready)
  if (candidate) return { candidate, round, pause: ready.length === 1 ? pauseAfter(round) : 0 }
  rests.clear()
  return nextTry(choices, round + 1, isEscape)
}

/**
 * A better path to try while this one works, or the instant from which there is one: `Infinity` if never. Of several the
 * one that has failed least, which is what has just come up.
 */
export function improvement(path: Path, notBefore: number, choices: Choices): Candidate | number {
  const { candidates, rests, deadRelays, now } = choices
  const better = candidates.filter(
    // Where it is for the other end to come, there is nothing to try.
    (each) => each.endpoint !== undefined && isUp(each, deadRelays) && isBetter(each, path, candidates),
  )
  const dates = better.map((each) => Math.max(notBefore, rests.endOf(each)))
  const due = better.filter((_, at) => (dates[at] ?? now) <= now)
  const [first] = due.toSorted((a, b) => rests.failuresOf(a) - rests.failuresOf(b))
  return first ?? Math.min(Number.POSITIVE_INFINITY, ...dates)
}

/** Whether the candidate needs no relay that is dead. */
export function isUp({ via }: Candidate, deadRelays: ReadonlySet<NodeId>): boolean {
  return via === undefined || !deadRelays.has(via)
}

function firstByRelay(ready: readonly Candidate[]): Candidate | undefined {
  return ready.find(({ kind }) => kind === 'relayed') ?? ready[0]
}

function pauseAfter(round: number): number {
  return Math.min(PATIENCE.longestPause, PATIENCE.firstPause * 2 ** round)
}
