import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import { reportsDigest, reportText } from '../../protocol/comparison.ts'
import type { ControllerFrameOf, KnownReports } from '../../protocol/frames.ts'
import { hashOf } from '../../topology/hash.ts'
import type { Presence } from '../presence/presence.ts'
import type { Feeds } from './feeds.ts'

/**
 * Every agent is asked once in an hour what it has, one of 600 every six seconds, so that never many are asked at once. Its
 * answer is taken as at the beginning of a session, and it says again what is not known here: so whatever was lost on the
 * way, by a fault that nobody thought of, is lost for an hour at most. It costs each agent some 1.5 KB.
 */
export const COMPARE_STEP = 6_000
export const COMPARE_PARTS = 600

/** Whether it is the turn of a node; its place depends on nobody else, so nobody is passed over when others come and go. */
export function isTurnOf(node: NodeId, turn: number): boolean {
  return hashOf(node) % COMPARE_PARTS === turn % COMPARE_PARTS
}

/** What an agent is asked: what it has, given what is known of it. Of its peers that counts which it may still see. */
export function comparison(node: NodeId, presence: Presence, feeds: Feeds): ControllerFrameOf<'compare'> {
  const reports = [...(presence.get(node)?.standings ?? [])].map(([network, { peers }]): KnownReports => {
    const feed = feeds.get(network, node)
    const seen = [...peers.values()].filter((peer) => feed?.has(peer.node as NodeId))
    return { network, digest: reportsDigest(seen.map(reportText)) }
  })
  return { type: 'compare', reports }
}

/** Asks at every step those whose turn it is. */
export class Rounds {
  readonly #clock: Clock
  readonly #ask: (isAsked: (node: NodeId) => boolean) => void
  #turn = 0
  #cancel: () => void

  constructor(clock: Clock, ask: (isAsked: (node: NodeId) => boolean) => void) {
    this.#clock = clock
    this.#ask = ask
    this.#cancel = this.#later()
  }

  stop(): void {
    this.#cancel()
  }

  #later(): () => void {
    return this.#clock.after(COMPARE_STEP, () => {
      this.#ask((node) => isTurnOf(node, this.#turn))
      this.#turn += 1
      this.#cancel = this.#later()
    })
  }
}
