import { type Allowance, type Level, takeFrom } from '../../bucket.ts'
import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'

type Time = Pick<Clock, 'monotonic'>

/** Requests for content by one agent. */
const REQUESTS: Allowance = Object.freeze({ burst: 100, rate: 5 })
/**
 * What one agent tells of itself. It looks at its addresses once a second, and tells of a port whenever it has entered a
 * network; each may be a change on the interfaces of all others.
 */
const FACTS: Allowance = Object.freeze({ burst: 100, rate: 2 })
/**
 * Keys that one agent offers and was asked for: as many as it may have networks (frames.ts), for where one is missing its
 * machine is cut off. Each may be an entry of the log.
 */
const KEYS: Allowance = Object.freeze({ burst: 1_000, rate: 5 })
/**
 * Frames of any kind, a long one as several (hearing.ts). One in a thousand networks says a few of each when it comes back, and
 * then a few a second; what is more waits at its end of the connection.
 */
const FRAMES: Allowance = Object.freeze({ burst: 5_000, rate: 500 })
/**
 * What one agent says that is no frame or out of place. One of the next release may say two things of each of its networks
 * that this one does not know; who says more than that is cut off.
 */
const FAULTS: Allowance = Object.freeze({ burst: 2_000, rate: 10 })
/**
 * Lines by one agent: enough to see what is wrong with each of its networks, and far too few to fill a disk (16 KB a minute
 * when each has the longest reason there is).
 */
const REMARKS: Allowance = Object.freeze({ burst: 30, rate: 0.5 })
/**
 * Sessions of one agent. On a line that breaks again and again it comes back every half second on average, and waits longer
 * when it is turned away, so it loses little; one that comes back only to come back costs a handshake and no more.
 */
const SESSIONS: Allowance = Object.freeze({ burst: 30, rate: 1 })

/** What bounds each agent, however many sessions it opens. */
export class Bounds {
  readonly requests: NodeBuckets
  readonly facts: NodeBuckets
  readonly keys: NodeBuckets
  readonly frames: NodeBuckets
  readonly faults: NodeBuckets
  readonly remarks: NodeBuckets
  readonly sessions: NodeBuckets

  constructor(clock: Time) {
    this.requests = new NodeBuckets(clock, REQUESTS)
    this.facts = new NodeBuckets(clock, FACTS)
    this.keys = new NodeBuckets(clock, KEYS)
    this.frames = new NodeBuckets(clock, FRAMES)
    this.faults = new NodeBuckets(clock, FAULTS)
    this.remarks = new NodeBuckets(clock, REMARKS)
    this.sessions = new NodeBuckets(clock, SESSIONS)
  }
}

/** A bucket for each node, kept for as long as it is not full again: there are as many as took something in the last minute. */
export class NodeBuckets {
  readonly #clock: Time
  readonly #allowance: Allowance
  /** Who took something last is the last. */
  readonly #levels = new Map<NodeId, Level>()

  constructor(clock: Time, allowance: Allowance) {
    this.#clock = clock
    this.#allowance = allowance
  }

  /** Takes so many from the bucket of a node. Whether they were there. */
  take(node: NodeId, count = 1): boolean {
    const now = this.#clock.monotonic()
    const { level, isGranted } = takeFrom(this.#allowance, this.#levels.get(node), now, count)
    this.#levels.delete(node)
    this.#levels.set(node, level)
    this.#forget(now)
    return isGranted
  }

  /** Those that are kept. */
  get size(): number {
    return this.#levels.size
  }

  #forget(now: number): void {
    const { burst, rate } = this.#allowance
    for (const [node, { left, at }] of this.#levels) {
      if (left + ((now - at) / 1_000) * rate < burst) return
      this.#levels.delete(node)
    }
  }
}
