import type { PathKind } from '../../topology/reach.ts'

/**
 * How long the pathfinder waits for what, in ms. Without a session all depends on handshakes, and WireGuard sends one every
 * 5.0 to 5.4 s (Rekey-Timeout and its jitter, sections 6.1 and 6.4 of the WireGuard paper) whatever the endpoint is by
 * then. So a path is judged by what was sent on it, and the wait for an answer begins with that.
 */
export const PATIENCE = Object.freeze({
  /** Until WireGuard has sent something on a path that is new to it. */
  unsent: 5_500,
  /** From then on, until a path that nobody has answered on gives way to the next. */
  unanswered: Object.freeze({
    /** A LAN answers within milliseconds or not at all. */
    lan: 1_500,
    direct: 3_000,
    /** One more handshake: the first opens the own translation, and the other end may not have opened its own yet. */
    punched: 8_000,
    relayed: 3_000,
  } satisfies Record<PathKind, number>),
  /**
   * For a better path, tried while another works, once something was sent on it: what is sent meanwhile may be lost, and an
   * answer needs one round trip and no handshake.
   */
  trial: 1_000,
  /** The longest trial of a path on which nothing could be sent. */
  longestTrial: 2_500,
  /** A link rests this long between two trials, however many better paths there are. */
  betweenTrials: 5_000,
  /** Without an answer to what was sent and to every knock since, a path is dead... */
  silence: 5_500,
  /** ...if it was looked at this often meanwhile: after a stall of the machine, time alone proves nothing. */
  silentLooks: 5,
  /** The same after this machine has lost an address: then it is likelier that the path went with it. */
  movedSilence: 2_000,
  /**
   * A path that failed is left alone: so long the first time, since most that fail at first do so because the other end was
   * not ready, and two ends that punch again within half a minute do find each other's holes.
   */
  firstRest: 5_000,
  /** Times as long after each failure more. */
  restGrowth: 3,
  /** The longest rest; and a path that worked for as long is forgiven what it did before. */
  longestRest: 600_000,
  /** When every path has failed: the wait before all of them are tried again, twice as long each time after. */
  firstPause: 2_000,
  /**
   * While it lasts WireGuard goes on with the path it has, for 90 s (Rekey-Attempt-Time). With the limits above no path is
   * left untried for more than a minute.
   */
  longestPause: 15_000,
  /** New facts end all rests: so many times in a row, and once in this time from then on, for facts may flap, too. */
  freshFacts: 1_800_000,
  freshFactsInARow: 3,
  /** WireGuard drops a session that long after its handshake (Reject-After-Time). */
  session: 180_000,
  /** Between two knocks, and so between two looks, while something is in the balance. */
  knock: 500,
  /** The same once every path has failed: the peer may be away for days. */
  slowKnock: 2_000,
  /**
   * Two handshakes that cross undo each other, and plans come to both ends at once: so one of the two begins to knock so
   * much later, if nothing says that it has to be the first.
   */
  second: 700,
  /** Between two looks while all is well and there are paths to choose from. */
  calm: 2_000,
  /** The same while no peer has a second path: the looks only tell whether the one works. */
  choiceless: 15_000,
} as const)
