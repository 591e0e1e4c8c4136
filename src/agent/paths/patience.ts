import type { PathKind } from '../../topology/reach.ts'

/**
 * How long the pathfinder waits for what, in ms. WireGuard repeats an unanswered handshake every 5 s (Rekey-Timeout,
 * section 6.4 of the WireGuard paper) whatever the endpoint is by then, so a limit of 5 s holds at least one attempt.
 */
export const PATIENCE = Object.freeze({
  /** Until a path that nobody has answered on gives way to the next. */
  unconfirmed: Object.freeze({
    /** A LAN answers within milliseconds or not at all. */
    lan: 3_000,
    direct: 5_000,
    /** Two handshakes: the first opens the own translation, and the other end may not have opened its own yet. */
    punched: 10_000,
    relayed: 5_000,
  } satisfies Record<PathKind, number>),
  /** For a better path, tried while another works: what is sent meanwhile may be lost, and an answer needs one round trip. */
  trial: 3_000,
  /** A link rests this long between two trials, however many better paths there are. */
  betweenTrials: 10_000,
  /** Without an answer to what was sent and to every knock since, a path is dead... */
  silence: 6_000,
  /** ...if it was looked at this often meanwhile: after a stall of the machine, time alone proves nothing. */
  silentLooks: 3,
  /** A path that failed is left alone: so long the first time, twice as long each time after. */
  firstRest: 30_000,
  /** The longest rest; and a path that worked for as long is forgiven what it did before. */
  longestRest: 600_000,
  /** When every path has failed: the wait before all of them are tried again, twice as long each time after. */
  firstPause: 2_000,
  /** While it lasts WireGuard goes on with the path it has, for 90 s (Rekey-Attempt-Time). */
  longestPause: 60_000,
  /** New facts end all rests: so many times in a row, and once in this time from then on, for facts may flap, too. */
  freshFacts: 1_800_000,
  freshFactsInARow: 3,
  /** WireGuard drops a session that long after its handshake (Reject-After-Time). */
  session: 180_000,
  /** Between two knocks, and so between two looks, while something is in the balance. */
  knock: 1_000,
  /** Between two looks while all is well and there are paths to choose from. */
  calm: 2_000,
  /** The same while no peer has a second path: the looks only tell whether the one works. */
  choiceless: 15_000,
} as const)
