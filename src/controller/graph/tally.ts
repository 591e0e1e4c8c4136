import type { PathKind } from '../../topology/reach.ts'
import type { LinkState } from './links.ts'

/** How many links there are of each state; of those that are up, over what they go. */
export interface Tally extends Record<LinkState, number>, Record<PathKind, number> {
  links: number
  rxBytes: number
  txBytes: number
}

export function emptyTally(): Tally {
  return {
    links: 0,
    pending: 0,
    up: 0,
    stale: 0,
    down: 0,
    lan: 0,
    direct: 0,
    punched: 0,
    relayed: 0,
    rxBytes: 0,
    txBytes: 0,
  }
}

/** Counts `times` links of a state; a negative number takes them back. */
export function count(tally: Tally, state: LinkState, times = 1): void {
  tally.links += times
  tally[state] += times
}
