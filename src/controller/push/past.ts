import type { NodeId } from '../../keys/identity.ts'
import type { Network } from '../../model/state.ts'
import { Gate } from '../../topology/policy/filter.ts'
import { type Class, Regime } from '../../topology/policy/regime.ts'
import type { Encoder } from './encoder.ts'
import { Feed, type FeedTools } from './feed.ts'
import { type Moment, Moments, type PastStep } from './moments.ts'
import { type HintFinder, putHints } from './put-hints.ts'

interface PastTools extends Omit<FeedTools, 'members' | 'record' | 'filter' | 'view'> {
  readonly encoder: Encoder
  readonly hintOf: HintFinder
}

/** So many the ring of a feed remembers at most (feed.ts). */
const MOST_TOUCHED = 4_096

/**
 * What the classes of one network would have been told by its last entries, had somebody listened: a controller that has
 * just started tells agents what they missed, and not everything. Another policy or epoch begins anew.
 */
export class Past {
  readonly #regime: Regime
  readonly #steps: readonly PastStep[]
  /** The network before the first step. */
  readonly #begin: Network | undefined
  #known: Moments | undefined

  /** @param steps the last ones, in order */
  constructor(network: Network, steps: readonly PastStep[], epoch: number) {
    this.#regime = new Regime(network)
    this.#steps = steps.slice(beginOf(network, steps, epoch))
    this.#begin = this.#steps[0]?.before.networks.get(network.id)
  }

  /**
   * As it would be now, if there was something to tell and the class has had members all the time.
   * @param since the revision of the network at which the class came to have members, as far as that is known
   */
  feedOf(key: string, since: number, tools: PastTools): Feed | undefined {
    // A class that is younger has no past, which is said without working one out: each label may make a class.
    if (!this.#begin || this.#begin.revision < since) return undefined
    const moments = this.#moments(this.#begin)
    const own = moments?.steady(key)
    return moments && own && this.#tell(own, moments, tools)
  }

  /** Worked out for the first class that has to be told of it. */
  #moments(begin: Network): Moments | undefined {
    const [first, ...rest] = this.#steps
    if (first) this.#known ??= new Moments(begin, [first, ...rest], this.#regime)
    return this.#known
  }

  #tell(own: Class, moments: Moments, { encoder, hintOf, ...tools }: PastTools): Feed {
    const seen = moments.first.come.filter((each) => this.#regime.sees(own, each))
    const members = seen.flatMap(({ key }) => moments.membersOf(key))
    const gate = this.#regime.isUnfiltered ? undefined : new Gate(this.#regime, own, seen)
    let moment = moments.first
    const classOf = moments.classOf.bind(moments)
    const feed = new Feed(moment.network, {
      ...tools,
      members,
      record: (_, node) => this.#record(moment, own, node, { encoder, classOf }),
      view: (records, filter) => encoder.view(records, filter),
      filter: () => encoder.filter(moment.network, gate?.filter),
    })
    putHints(feed, members, hintOf)
    for (const next of moments.later) {
      moment = next
      for (const each of next.come) if (this.#regime.sees(own, each)) gate?.come(each)
      for (const each of next.gone) if (this.#regime.sees(own, each)) gate?.go(each)
      feed.advance(next.network, next.touched)
      putHints(feed, next.touched, hintOf)
    }
    return feed
  }

  #record(
    { network, nodes }: Moment,
    own: Class,
    id: NodeId,
    { encoder, classOf }: { readonly encoder: Encoder; readonly classOf: Moments['classOf'] },
  ): Uint8Array | undefined {
    const [member, node] = [network.members.get(id), nodes.get(id)]
    if (!member || !node) return undefined
    const theirs = classOf(node)
    if (!this.#regime.sees(own, theirs)) return undefined
    return encoder.record(network, this.#regime, member, node, theirs.opener)
  }
}

/** Where the last steps begin that can be told as one: not too many, and all under the policy and in the epoch of now. */
function beginOf({ id, policy }: Network, steps: readonly PastStep[], epoch: number): number {
  let touched = 0
  const last = steps.findLastIndex(({ before, nodes }) => {
    touched += nodes.length
    const was = before.networks.get(id)
    const isLike = before.epoch === epoch && was?.policy === policy && was.members.size > 0
    return !isLike || touched > MOST_TOUCHED
  })
  return last + 1
}
