import type { NodeId } from '../../keys/identity.ts'
import { LanIndex, type LanPlace } from '../../topology/lan.ts'
import type { Class, Regime } from '../../topology/policy/regime.ts'
import { LanTouches } from './lan-touches.ts'
import { isSameSpot, NOWHERE, type Spot, spotOf, toldOf, withClass } from './spot.ts'

export interface LanPlacesTools {
  readonly placesOf: (node: NodeId) => readonly LanPlace[]
  /** Undefined for who is no member. */
  readonly classOf: (node: NodeId) => Class | undefined
}

/** Where each member of one network is, and where it was when the next touch would have had some number (lan-touches.ts). */
export class LanPlaces {
  readonly #tools: LanPlacesTools
  readonly #index = new LanIndex()
  readonly #touches = new LanTouches()
  readonly #spots = new Map<NodeId, Spot>()
  #regime: Regime

  constructor(members: Iterable<NodeId>, regime: Regime, tools: LanPlacesTools) {
    this.#tools = tools
    this.#regime = regime
    for (const node of members) this.#put(node, spotOf(tools.placesOf(node), tools.classOf(node)))
  }

  /** Number of the next touch: by this one things are as they are. */
  get now(): number {
    return this.#touches.end
  }

  /** Takes over where a member is now. Gives all that were or are on a LAN with it; undefined: it is where it was. */
  move(node: NodeId, isMember: boolean): ReadonlySet<NodeId> | undefined {
    const { placesOf, classOf } = this.#tools
    const [before, spot] = [this.at(node), isMember ? spotOf(placesOf(node), classOf(node)) : NOWHERE]
    if (isSameSpot(before, spot)) return undefined
    this.#touches.move(node, before, spot)
    return this.#put(node, spot)
  }

  /** Who sees whom is decided anew. */
  renew(regime: Regime): void {
    const befores = new Map<NodeId, Spot>()
    for (const [node, before] of this.#spots) {
      const spot = withClass(before, this.#tools.classOf(node))
      if (spot === before) continue
      befores.set(node, before)
      this.#spots.set(node, spot)
    }
    this.#touches.renew(this.#regime, befores)
    this.#regime = regime
  }

  /** Something is new that only the member itself is told. */
  renewOwn(node: NodeId): void {
    this.#touches.renewOwn(node, this.at(node))
  }

  /** Whether it is known how things were then. */
  reaches(then: number): boolean {
    return this.#touches.reaches(then)
  }

  /** Where a member is, or was. */
  at(node: NodeId, then = this.now): Spot {
    return this.#touches.spotAt(node, then) ?? this.#spots.get(node) ?? NOWHERE
  }

  /** Whether something happened since to a member, or to all. */
  isTouched(node: NodeId, then: number): boolean {
    return this.isRenewed(then) || this.#touches.spotAt(node, then) !== undefined
  }

  /** Whether since then it was decided anew who sees whom. */
  isRenewed(then: number): boolean {
    return this.#touches.regimeAt(then) !== undefined
  }

  /** All that are on one of these LANs, and those that were since. */
  on(lans: Iterable<string>, then = this.now): ReadonlySet<NodeId> {
    const some = new Set(lans)
    return new Set([...this.#index.membersOf(some), ...this.#touches.movedOn(some, then)])
  }

  /** Those of them only to whom something happened there. */
  movedOn(lans: Iterable<string>, then: number): ReadonlySet<NodeId> {
    return this.#touches.movedOn(new Set(lans), then)
  }

  /** What who is at some spot is told of a member, or was. */
  told(node: NodeId, viewer: Spot, then = this.now): readonly string[] {
    return toldOf(this.at(node, then), viewer, this.regimeAt(then))
  }

  regimeAt(then: number): Regime {
    return this.#touches.regimeAt(then) ?? this.#regime
  }

  #put(node: NodeId, spot: Spot): ReadonlySet<NodeId> {
    if (spot === NOWHERE) this.#spots.delete(node)
    else this.#spots.set(node, spot)
    return this.#index.put(node, spot.places)
  }
}
