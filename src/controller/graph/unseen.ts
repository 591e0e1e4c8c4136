import type { NodeId } from '../../keys/identity.ts'
import { isReady, type LinkState } from './links.ts'
import type { Lookout } from './lookout.ts'

/** Members that are alike as far as links go of which nothing is reported. */
interface Crowd {
  all: number
  online: number
  /** Online, and long enough there to have shaken hands. */
  ready: number
}

/**
 * The links of which nobody reports anything, counted without a look at each: in a mesh of 10,000 members there are
 * 50 million pairs. What such a link is follows from whether its ends are connected and ready.
 */
export class Unseen {
  readonly #crowds = new Map<string, Crowd>()
  readonly #lookout: Lookout

  constructor(lookout: Lookout, groupOf: (node: NodeId) => string) {
    this.#lookout = lookout
    for (const node of lookout.network.members.keys()) this.#enter(node, groupOf(node))
  }

  /** What the link of two members is as long as neither reports of the other. */
  stateOf(a: NodeId, b: NodeId): LinkState {
    const { network, seen } = this.#lookout
    const ends = [a, b]
    if (!ends.every((node) => seen.presence.get(node)?.online)) return 'down'
    return ends.every((node) => isReady(network, node, seen)) ? 'down' : 'pending'
  }

  /** How many pairs there are between every two groups, and within each, by what they are when nobody reports of them. */
  *counts(): Iterable<readonly [a: string, b: string, down: number, pending: number]> {
    const groups = [...this.#crowds].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [at, [a, here]] of groups.entries()) {
      for (const [b, there] of groups.slice(at)) {
        const pairs = (kind: keyof Crowd) =>
          a === b ? (here[kind] * (here[kind] - 1)) / 2 : here[kind] * there[kind]
        const pending = pairs('online') - pairs('ready')
        yield [a, b, pairs('all') - pending, pending]
      }
    }
  }

  #enter(node: NodeId, group: string): void {
    const { network, seen } = this.#lookout
    const crowd = this.#crowds.get(group) ?? { all: 0, online: 0, ready: 0 }
    this.#crowds.set(group, crowd)
    crowd.all += 1
    if (!seen.presence.get(node)?.online) return
    crowd.online += 1
    if (isReady(network, node, seen)) crowd.ready += 1
  }
}
