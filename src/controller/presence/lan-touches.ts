import type { NodeId } from '../../keys/identity.ts'
import type { Regime } from '../../topology/policy/regime.ts'
import { LanTrail } from './lan-trail.ts'
import type { Spot } from './spot.ts'

/** One touch: of whom it is known what was before, and on which LANs it counts. */
interface Touch {
  readonly nodes: readonly NodeId[]
  readonly lans: readonly ReadonlySet<string>[]
}

/** Where a member was until the touch with that number. */
interface Before {
  readonly number: number
  readonly spot: Spot
}

/** How many touches a session may lie behind and still be told only what is new. */
const LIMIT = 4_096
/** So many policies, too: each may hold where all members were. */
const MOST_REGIMES = 16

/**
 * What happened to the members of one network on their LANs, numbered from its beginning. What was before each is kept by
 * member, and who it happened to by LAN, so that how things were at some number is found for one LAN without a look at what
 * happened elsewhere. What is long past is forgotten.
 */
export class LanTouches {
  #ring: Touch[] = []
  /** Number of the first that is still known. */
  #first = 0
  #regimes: { readonly number: number; readonly before: Regime }[] = []
  readonly #befores = new Map<NodeId, Before[]>()
  readonly #trails = new Map<string, LanTrail>()

  /** Number that the next one will have. */
  get end(): number {
    return this.#first + this.#ring.length
  }

  /** A member is at another spot. */
  move(node: NodeId, before: Spot, now: Spot): void {
    const lans = [before.lans, now.lans]
    const mark = { node, number: this.end }
    for (const lan of new Set(lans.flatMap((some) => [...some]))) this.#trailOf(lan).add(mark)
    this.#add(new Map([[node, before]]), lans)
  }

  /** Something is new that only the member itself is told. @param spot where it was and is */
  renewOwn(node: NodeId, spot: Spot): void {
    this.#add(new Map([[node, spot]]), [])
  }

  /** Who sees whom is decided anew. @param befores of those members that are of another class by that */
  renew(regime: Regime, befores: ReadonlyMap<NodeId, Spot>): void {
    this.#regimes.push({ number: this.end, before: regime })
    this.#add(befores, [])
    const [{ number = 0 } = {}] = this.#regimes
    if (this.#regimes.length > MOST_REGIMES) this.#forget(number + 1 - this.#first)
  }

  /** Whether all is known that happened since the next touch would have had this number. */
  reaches(from: number): boolean {
    return from >= this.#first
  }

  /** Where a member was then; undefined: where it is now, and nothing happened to it. */
  spotAt(node: NodeId, from: number): Spot | undefined {
    const befores = this.#befores.get(node)
    return befores?.[indexSince(befores, from)]?.spot
  }

  /** By what was decided then who sees whom; undefined: by what it is now. */
  regimeAt(from: number): Regime | undefined {
    return this.#regimes[indexSince(this.#regimes, from)]?.before
  }

  /** Those who came to one of these LANs since, left it, or changed there. */
  movedOn(lans: Iterable<string>, from: number): Set<NodeId> {
    const nodes = new Set<NodeId>()
    for (const lan of lans) for (const node of this.#trails.get(lan)?.since(from) ?? []) nodes.add(node)
    return nodes
  }

  #add(befores: ReadonlyMap<NodeId, Spot>, lans: Touch['lans']): void {
    const number = this.end
    for (const [node, spot] of befores) {
      const known = this.#befores.get(node)
      if (known) known.push({ number, spot })
      else this.#befores.set(node, [{ number, spot }])
    }
    this.#ring.push({ nodes: [...befores.keys()], lans })
    if (this.#ring.length > LIMIT * 2) this.#forget(this.#ring.length - LIMIT)
  }

  #forget(count: number): void {
    const forgotten = this.#ring.slice(0, count)
    this.#ring = this.#ring.slice(count)
    this.#first += count
    this.#regimes = this.#regimes.slice(indexSince(this.#regimes, this.#first))
    for (const node of new Set(forgotten.flatMap(({ nodes }) => nodes))) this.#forgetOf(node)
    const lans = forgotten.flatMap((touch) => touch.lans.flatMap((some) => [...some]))
    for (const lan of new Set(lans)) if (this.#trails.get(lan)?.forget(this.#first)) this.#trails.delete(lan)
  }

  #forgetOf(node: NodeId): void {
    const befores = this.#befores.get(node) ?? []
    const known = befores.slice(indexSince(befores, this.#first))
    if (known.length > 0) this.#befores.set(node, known)
    else this.#befores.delete(node)
  }

  #trailOf(lan: string): LanTrail {
    const trail = this.#trails.get(lan) ?? new LanTrail()
    this.#trails.set(lan, trail)
    return trail
  }
}

/** Where those begin, of some in the order of their numbers, that have this number or a later one. */
function indexSince(sorted: readonly { readonly number: number }[], number: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle]?.number ?? number) < number) low = middle + 1
    else high = middle
  }
  return low
}
