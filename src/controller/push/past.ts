import type { NodeId } from '../../keys/identity.ts'
import type { Network, Node, State } from '../../model/state.ts'
import { NO_FILTER } from '../../protocol/view.ts'
import { type ClassFilter, filterOf } from '../../topology/policy/filter.ts'
import { type Class, Regime } from '../../topology/policy/regime.ts'
import type { Step } from '../ledger/recent.ts'
import type { Encoder } from './encoder.ts'
import { Feed, type FeedTools } from './feed.ts'
import { type HintFinder, putHints } from './put-hints.ts'

/** An entry that touched members of the network. */
export interface PastStep extends Step {
  readonly nodes: readonly NodeId[]
}

/** The network after a step: whom that touched, and the classes that have members. */
interface Moment {
  readonly network: Network
  readonly nodes: State['nodes']
  readonly touched: readonly NodeId[]
  readonly classes: ReadonlyMap<string, Class>
}

type PastTools = Omit<FeedTools, 'members' | 'record' | 'filter' | 'view'>

/** So many the ring of a feed remembers in any case (touches.ts). */
const MOST_TOUCHED = 4_096

/**
 * What the classes of one network would have been told by its last entries, had somebody listened: a controller that has
 * just started tells agents what they missed, and not everything. Another policy or epoch begins anew.
 */
export class Past {
  readonly #regime: Regime
  readonly #classes = new WeakMap<Node, Class>()
  /** Members at the beginning, by class. */
  readonly #members = new Map<string, NodeId[]>()
  /** The first is the beginning. */
  readonly #moments: Moment[] = []

  /** @param steps the last ones, in order */
  constructor(network: Network, steps: readonly PastStep[], epoch: number) {
    this.#regime = new Regime(network)
    const useful = steps.slice(beginOf(network, steps, epoch))
    const [first] = useful
    const begin = first?.before.networks.get(network.id)
    if (!first || !begin) return
    const census = new Census()
    for (const id of begin.members.keys()) this.#take(first.before, id, census)
    this.#moments.push({ network: begin, nodes: first.before.nodes, touched: [], classes: census.classes })
    for (const step of useful) this.#append(network, step, census)
  }

  /** As it would be now, if there was something to tell and the class has had members all the time. */
  feedOf(key: string, encoder: Encoder, tools: PastTools, hintOf: HintFinder): Feed | undefined {
    let [moment] = this.#moments
    const own = moment?.classes.get(key)
    if (!moment || !own || !this.#moments.every(({ classes }) => classes.has(key))) return undefined
    const scene = new Scene(this.#regime, own)
    const members = [...scene.partnersIn(moment.classes).keys()].flatMap(
      (each) => this.#members.get(each) ?? [],
    )
    const feed = new Feed(moment.network, {
      ...tools,
      members,
      record: (_, node) => moment && this.#record(moment, own, node, encoder),
      view: (records, filter) => encoder.view(records, filter),
      filter: () => (moment ? encoder.filter(moment.network, scene.filterIn(moment.classes)) : NO_FILTER),
    })
    putHints(feed, members, hintOf)
    for (const next of this.#moments.slice(1)) {
      moment = next
      feed.advance(next.network, next.touched)
      putHints(feed, next.touched, hintOf)
    }
    return feed
  }

  /** Takes a member in that is there at the beginning. */
  #take({ nodes }: State, id: NodeId, census: Census): void {
    const node = nodes.get(id)
    if (!node) return
    const own = this.#classOf(node)
    census.add(own)
    const known = this.#members.get(own.key)
    if (known) known.push(id)
    else this.#members.set(own.key, [id])
  }

  #append({ id }: Network, { before, after, nodes }: PastStep, census: Census): void {
    const [was, network] = [before.networks.get(id), after.networks.get(id)]
    if (!was || !network) return
    const touched = [...new Set(nodes)]
    for (const each of touched) {
      const [left, come] = [was.members.has(each), network.members.has(each)]
      const [then, now] = [before.nodes.get(each), after.nodes.get(each)]
      if (left && then) census.remove(this.#classOf(then))
      if (come && now) census.add(this.#classOf(now))
    }
    this.#moments.push({ network, nodes: after.nodes, touched, classes: census.classes })
  }

  #record({ network, nodes }: Moment, own: Class, id: NodeId, encoder: Encoder): Uint8Array | undefined {
    const [member, node] = [network.members.get(id), nodes.get(id)]
    if (!member || !node) return undefined
    const theirs = this.#classOf(node)
    if (!this.#regime.sees(own, theirs)) return undefined
    return encoder.record(network, this.#regime, member, node, theirs.opener)
  }

  #classOf(node: Node): Class {
    const known = this.#classes.get(node) ?? this.#regime.classOf(node)
    this.#classes.set(node, known)
    return known
  }
}

/** Which classes have members. */
class Census {
  readonly #sizes = new Map<string, number>()
  /** The same until one comes or goes. */
  classes: ReadonlyMap<string, Class> = new Map()

  add(one: Class): void {
    const size = this.#sizes.get(one.key) ?? 0
    this.#sizes.set(one.key, size + 1)
    if (size === 0) this.classes = new Map([...this.classes, [one.key, one] as const])
  }

  remove({ key }: Class): void {
    const size = (this.#sizes.get(key) ?? 0) - 1
    this.#sizes.set(key, size)
    if (size === 0) this.classes = new Map([...this.classes].filter(([each]) => each !== key))
  }
}

/** What one class sees of others. */
class Scene {
  readonly #regime: Regime
  readonly #own: Class
  readonly #partners = new WeakMap<ReadonlyMap<string, Class>, ReadonlyMap<string, Class>>()

  constructor(regime: Regime, own: Class) {
    this.#regime = regime
    this.#own = own
  }

  partnersIn(classes: ReadonlyMap<string, Class>): ReadonlyMap<string, Class> {
    const seen = [...classes].filter(([, each]) => this.#regime.sees(this.#own, each))
    const known = this.#partners.get(classes) ?? new Map(seen.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    this.#partners.set(classes, known)
    return known
  }

  filterIn(classes: ReadonlyMap<string, Class>): ClassFilter | undefined {
    const [regime, partnersOf] = [this.#regime, () => this.partnersIn(classes)]
    return filterOf({ regime, get: () => this.#own, partnersOf }, this.#own.key)
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
