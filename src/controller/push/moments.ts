import type { NodeId } from '../../keys/identity.ts'
import type { Network, Node, State } from '../../model/state.ts'
import type { Class, Regime } from '../../topology/policy/regime.ts'
import type { Step } from '../ledger/recent.ts'
import { Census, type Turnover } from './census.ts'

/** An entry that touched members of the network. */
export interface PastStep extends Step {
  readonly nodes: readonly NodeId[]
}

/** The network after a step: whom that touched, and which classes came and went. */
export interface Moment extends Turnover {
  readonly network: Network
  readonly nodes: State['nodes']
  readonly touched: readonly NodeId[]
}

/** A network at some steps, and its classes under the policy of the last one. */
export class Moments {
  /** As it was at the beginning: all classes come, and nobody is touched. */
  readonly first: Moment
  readonly later: readonly Moment[]
  readonly #regime: Regime
  readonly #classes = new WeakMap<Node, Class>()
  readonly #census = new Census()
  /** Members at the beginning, by class. */
  readonly #members = new Map<string, NodeId[]>()
  /** Those that have had members all the time. */
  readonly #steady: ReadonlyMap<string, Class>

  /** @param begin the network before the first step */
  constructor(begin: Network, steps: readonly [PastStep, ...PastStep[]], regime: Regime) {
    this.#regime = regime
    const [{ before }] = steps
    for (const id of begin.members.keys()) this.#take(before, id)
    this.first = { network: begin, nodes: before.nodes, touched: [], ...this.#census.settle() }
    this.later = steps.flatMap((step) => this.#after(begin, step) ?? [])
    const gone = new Set(this.later.flatMap((moment) => moment.gone.map(({ key }) => key)))
    this.#steady = new Map(
      this.first.come.flatMap((each) => (gone.has(each.key) ? [] : [[each.key, each] as const])),
    )
  }

  /** A class that has had members all the time. */
  steady(key: string): Class | undefined {
    return this.#steady.get(key)
  }

  /** Members of a class at the beginning. */
  membersOf(key: string): readonly NodeId[] {
    return this.#members.get(key) ?? []
  }

  classOf(node: Node): Class {
    const known = this.#classes.get(node) ?? this.#regime.classOf(node)
    this.#classes.set(node, known)
    return known
  }

  /** Takes a member in that is there at the beginning. */
  #take({ nodes }: State, id: NodeId): void {
    const node = nodes.get(id)
    if (!node) return
    const own = this.classOf(node)
    this.#census.add(own)
    const known = this.#members.get(own.key)
    if (known) known.push(id)
    else this.#members.set(own.key, [id])
  }

  #after({ id }: Network, { before, after, nodes }: PastStep): Moment | undefined {
    const [was, network] = [before.networks.get(id), after.networks.get(id)]
    if (!was || !network) return undefined
    const touched = [...new Set(nodes)]
    for (const each of touched) {
      const [left, come] = [was.members.has(each), network.members.has(each)]
      const [then, now] = [before.nodes.get(each), after.nodes.get(each)]
      if (left && then) this.#census.remove(this.classOf(then))
      if (come && now) this.#census.add(this.classOf(now))
    }
    return { network, nodes: after.nodes, touched, ...this.#census.settle() }
  }
}
