import type { NodeId } from '../../keys/identity.ts'
import type { Regime } from '../../topology/policy/regime.ts'
import { NOWHERE, type Spot } from './spot.ts'

/** Where all were, and by what was decided who sees whom. */
export interface Scene {
  readonly regime: Regime
  readonly spots: ReadonlyMap<NodeId, Spot>
}

/** One member was at another spot before, or all may have been: then it says how all was. */
type Touch = { readonly node: NodeId; readonly before: Spot } | { readonly all: Scene }

/** How things were at some touch, as far as they are different now. */
export interface Past {
  readonly touched: ReadonlySet<NodeId>
  /** Whether anything may be different. */
  readonly isAll: boolean
  /** Undefined: it is where it was. */
  readonly spotOf: (node: NodeId) => Spot | undefined
  /** Undefined: that of now. */
  readonly regime: Regime | undefined
}

/** How many touches a session may lie behind and still be told only what is new. */
const LIMIT = 4_096
/** So many policies, too: each holds where all members were. */
const MOST_SCENES = 16

/**
 * What happened to the members of one network on their LANs, numbered from its beginning. What was before each is kept, so
 * that who was told up to some number can be told just what is different now. What is long past is forgotten.
 */
export class LanTouches {
  #ring: Touch[] = []
  /** Number of the first that is still known. */
  #first = 0
  #scenes = 0
  /** By number, until something happens: most sessions ask from the same. */
  readonly #pasts = new Map<number, Past>()

  /** Number that the next one will have. */
  get end(): number {
    return this.#first + this.#ring.length
  }

  /** @param before where the member was */
  add(node: NodeId, before: Spot): void {
    this.#add({ node, before })
  }

  /** @param before how all was */
  addAll(before: Scene): void {
    this.#scenes += 1
    this.#add({ all: before })
    if (this.#scenes > MOST_SCENES) this.#forget(this.#ring.findIndex((touch) => 'all' in touch) + 1)
  }

  /** How all was when the next touch would have had this number; undefined when that is forgotten. */
  since(from: number): Past | undefined {
    if (from < this.#first) return undefined
    const known = this.#pasts.get(from) ?? pastOf(this.#ring.slice(from - this.#first))
    this.#pasts.set(from, known)
    return known
  }

  #add(touch: Touch): void {
    this.#pasts.clear()
    this.#ring.push(touch)
    if (this.#ring.length > LIMIT * 2) this.#forget(this.#ring.length - LIMIT)
  }

  #forget(count: number): void {
    this.#scenes -= this.#ring.slice(0, count).filter((touch) => 'all' in touch).length
    this.#ring = this.#ring.slice(count)
    this.#first += count
  }
}

function pastOf(touches: readonly Touch[]): Past {
  const touched = new Set<NodeId>()
  const spots = new Map<NodeId, Spot>()
  let scene: Scene | undefined
  for (const touch of touches) {
    if ('all' in touch) scene ??= touch.all
    else {
      // What was before its first touch is how it was; behind a scene that is in the scene.
      if (!scene && !touched.has(touch.node)) spots.set(touch.node, touch.before)
      touched.add(touch.node)
    }
  }
  return {
    touched,
    isAll: scene !== undefined,
    spotOf: (node) => spots.get(node) ?? (scene && (scene.spots.get(node) ?? NOWHERE)),
    regime: scene?.regime,
  }
}
