import type { NodeId } from '../../keys/identity.ts'
import { type ClassFilter, Gate } from './filter.ts'
import type { Class, Regime, Viewer } from './regime.ts'

/** How a change moved one member, and which classes see something of it. */
export interface Shift {
  /** Keys of the classes that may be told something else now. */
  readonly affected: ReadonlySet<string>
  /** Whether the member is of another class than before, or new. */
  readonly hasMoved: boolean
}

interface Group extends Class {
  readonly members: Set<NodeId>
}

/**
 * Who sees whom in one network, by class: all of a class see the union of the classes that are permitted with it. A change
 * of one member asks only for the classes that see it; those find each other by an index of selectors.
 */
export class Audiences {
  readonly regime: Regime
  readonly #groups = new Map<string, Group>()
  readonly #carriers = new Set<string>()
  readonly #bySelector = new Map<string, Set<string>>()
  readonly #keys = new Map<NodeId, string>()
  /** Those that were asked for, kept up as classes come and go; who sees all has the very map of all. */
  readonly #partners = new Map<string, Map<string, Class>>()
  readonly #gates = new Map<string, Gate>()
  readonly #visible = new Map<string, readonly NodeId[]>()

  /** @param viewers each once */
  constructor(regime: Regime, viewers: Iterable<Viewer> = []) {
    this.regime = regime
    // Nobody asks here who is affected.
    for (const viewer of viewers) this.#join(viewer.id, regime.classOf(viewer))
  }

  /** Takes a member in, or what it is now. */
  put(viewer: Viewer): Shift {
    const next = this.regime.classOf(viewer)
    const before = this.#keys.get(viewer.id)
    if (before === next.key) return { affected: this.#seeing(next.key), hasMoved: false }
    const affected = this.#take(viewer.id)
    this.#join(viewer.id, next)
    return { affected: new Set([...affected, ...this.#seeing(next.key)]), hasMoved: true }
  }

  /** Takes a member out; one that is not there affects nobody. */
  remove(node: NodeId): Shift {
    return { affected: this.#take(node), hasMoved: false }
  }

  /** The class of a member; undefined for a stranger. */
  of(node: NodeId): Class | undefined {
    const key = this.#keys.get(node)
    return key === undefined ? undefined : this.#groups.get(key)
  }

  /** A class that has members. */
  get(key: string): Class | undefined {
    return this.#groups.get(key)
  }

  /** Classes that one sees now, by key: those that have members, itself among them where they see each other. */
  partnersOf(key: string): ReadonlyMap<string, Class> {
    const own = this.#groups.get(key)
    if (!own) return NO_CLASSES
    const known = this.#partners.get(key) ?? this.#findPartners(own)
    this.#partners.set(key, known)
    return known
  }

  /** What a class lets in; undefined when all that it sees may open everything to it. The same until another is needed. */
  filterOf(key: string): ClassFilter | undefined {
    const own = this.#groups.get(key)
    if (!own || this.regime.isUnfiltered) return undefined
    const gate = this.#gates.get(key) ?? new Gate(this.regime, own, this.partnersOf(key).values())
    this.#gates.set(key, gate)
    return gate.filter
  }

  /** All members that a class sees. The same list until somebody comes, goes or moves among them. */
  visibleTo(key: string): readonly NodeId[] {
    const known = this.#visible.get(key)
    if (known || !this.#groups.has(key)) return known ?? []
    const visible = [...this.partnersOf(key).keys()].flatMap((each) => [...this.membersOf(each)])
    this.#visible.set(key, visible)
    return visible
  }

  membersOf(key: string): ReadonlySet<NodeId> {
    return this.#groups.get(key)?.members ?? NO_MEMBERS
  }

  /** Whether two members are peers, or could be if the topology links them. */
  sees(a: NodeId, b: NodeId): boolean {
    const [one, other] = [this.#keys.get(a), this.#keys.get(b)]
    return one !== undefined && other !== undefined && this.partnersOf(one).has(other)
  }

  #join(node: NodeId, one: Class): void {
    const { key } = one
    const known = this.#groups.get(key)
    const group = known ?? { ...one, members: new Set<NodeId>() }
    if (!known) this.#found(group)
    group.members.add(node)
    this.#keys.set(node, key)
    this.#forgetVisible(key)
  }

  /** Gives the classes that saw it. */
  #take(node: NodeId): ReadonlySet<string> {
    const key = this.#keys.get(node)
    if (key === undefined) return new Set()
    const seeing = this.#seeing(key)
    this.#forgetVisible(key)
    this.#keys.delete(node)
    const group = this.#groups.get(key)
    group?.members.delete(node)
    if (group?.members.size === 0) this.#dissolve(group)
    return seeing
  }

  #found(group: Group): void {
    this.#groups.set(group.key, group)
    if (group.isCarrier) this.#carriers.add(group.key)
    for (const selector of [...group.matched, ALL]) {
      this.#bySelector.set(selector, (this.#bySelector.get(selector) ?? new Set()).add(group.key))
    }
    for (const key of this.partnersOf(group.key).keys()) {
      this.#partners.get(key)?.set(group.key, group)
      this.#gates.get(key)?.come(group)
    }
  }

  #dissolve(group: Group): void {
    for (const key of this.#seeing(group.key)) {
      this.#partners.get(key)?.delete(group.key)
      this.#gates.get(key)?.go(group)
    }
    for (const each of [this.#partners, this.#gates, this.#visible, this.#groups]) each.delete(group.key)
    this.#carriers.delete(group.key)
    for (const selector of [...group.matched, ALL]) this.#bySelector.get(selector)?.delete(group.key)
  }

  #findPartners(own: Class): Map<string, Class> {
    const wanted = this.regime.partnersOf(own)
    if (!wanted || wanted.has(ALL)) return this.#groups
    const lists = [this.#carriers, ...Array.from(wanted, (each) => this.#bySelector.get(each) ?? [])]
    const keys = new Set(lists.flatMap((each) => [...each]))
    const partners = Array.from(keys, (each) => this.#groups.get(each)).filter((each) => each !== undefined)
    return new Map(partners.map((each) => [each.key, each]))
  }

  #seeing(key: string): ReadonlySet<string> {
    return new Set(this.partnersOf(key).keys())
  }

  #forgetVisible(key: string): void {
    if (this.#visible.size === 0) return
    for (const each of this.partnersOf(key).keys()) this.#visible.delete(each)
  }
}

const ALL = '*'
const NO_CLASSES: ReadonlyMap<string, Class> = new Map()
const NO_MEMBERS: ReadonlySet<NodeId> = new Set()
