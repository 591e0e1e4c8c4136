import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Network } from '../../model/state.ts'
import { RECENT, type Step } from '../ledger/recent.ts'
import { Past } from './past.ts'
import { touchedMembers } from './touched.ts'

/** An entry, and whom it touched. */
interface Seen {
  readonly step: Step
  readonly touched: ReadonlyMap<NetworkId, readonly NodeId[]>
}

/** The last entries, for networks and classes that nobody has listened in yet. */
export class Pasts {
  /** Up to twice as many as are wanted: dropping one at each entry would move all others. */
  #seen: Seen[]
  readonly #known = new Map<NetworkId, Past>()

  constructor(recent: readonly Step[]) {
    this.#seen = recent.map(look)
  }

  /** Gives whom it touched, by network. */
  add(step: Step): ReadonlyMap<NetworkId, readonly NodeId[]> {
    const seen = look(step)
    this.#seen.push(seen)
    if (this.#seen.length >= 2 * RECENT) this.#seen = this.#seen.slice(-RECENT)
    this.#known.clear()
    return seen.touched
  }

  of(network: Network, epoch: number): Past {
    const known = this.#known.get(network.id) ?? this.#find(network, epoch)
    this.#known.set(network.id, known)
    return known
  }

  #find(network: Network, epoch: number): Past {
    const steps = this.#seen.slice(-RECENT).flatMap(({ step, touched }) => {
      const nodes = touched.get(network.id)
      return nodes ? { ...step, nodes } : []
    })
    return new Past(network, steps, epoch)
  }
}

function look(step: Step): Seen {
  return { step, touched: touchedMembers(step.entry.events, step.after) }
}
