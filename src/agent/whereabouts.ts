import type { NodeId } from '../keys/identity.ts'
import type { ControllerFrameOf, Hint, LanHint } from '../protocol/frames.ts'
import { HintSet } from '../protocol/hints.ts'
import { lanDigest } from '../protocol/lans.ts'
import type { Reach } from '../topology/reach.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { endpointsIn, nowhere, toReach } from './reach.ts'

export interface WhereaboutsTools {
  readonly isMember: (node: NodeId) => boolean
  /** Something is new of where this one is. */
  readonly onNews: (node: NodeId) => void
}

export type ToldHints = Pick<ControllerFrameOf<'hints'>, 'hints' | 'lost' | 'whole'>

const NO_ENDPOINTS: readonly Endpoint[] = Object.freeze([])

/**
 * What this node was told of how the members of one network can be reached: everywhere, and on its own LAN. It is not
 * signed: what is wrong in it costs a handshake, and never secrecy.
 */
export class Whereabouts {
  readonly #own: NodeId
  readonly #tools: WhereaboutsTools
  /** What the controller tells now. */
  readonly #hints = new HintSet()
  /** The same in the terms of the engine, and what was told before of members of whom nothing is told now. */
  readonly #reaches = new Map<NodeId, Reach>()
  /** Those of whom nothing was ever told. */
  readonly #nowhere = new Map<NodeId, Reach>()
  /** Who else is on the LAN, as told, and in the terms of the engine. */
  readonly #lan = new HintSet<LanHint>()
  readonly #lanEndpoints = new Map<NodeId, readonly Endpoint[]>()
  /** How this node can be reached, if it is told that apart. */
  #apart: { readonly hint: Hint; readonly reach: Reach } | undefined

  /** @param own this node */
  constructor(own: NodeId, tools: WhereaboutsTools) {
    this.#own = own
    this.#tools = tools
  }

  /** Of what the controller tells now. */
  get digest(): string {
    return this.#hints.digest()
  }

  get all(): Hint[] {
    return this.#hints.all()
  }

  /** Who else is on the LAN, and how this node can be reached if it is told that apart. */
  get lan(): { readonly hints: LanHint[]; readonly own: Hint | undefined } {
    return { hints: this.#lan.all(), own: this.#apart?.hint }
  }

  get lanDigest(): string | undefined {
    return lanDigest({ size: this.#lan.size, digest: () => this.#lan.digest() }, this.#apart?.hint)
  }

  /**
   * How members can be reached, this node among them. What is not told any more is kept until something better comes. Answers
   * whether it is another set than before, as the next one does.
   */
  takeHints({ hints, lost = [], whole }: ToldHints): boolean {
    const before = this.#hints.digest()
    const told = new Set(hints.map(({ node }) => node))
    if (whole)
      for (const { node } of this.#hints.all()) if (!told.has(node)) this.#hints.remove(node as NodeId)
    for (const node of lost) this.#hints.remove(node as NodeId)
    for (const hint of hints) this.#takeHint(hint)
    return this.#hints.digest() !== before
  }

  /** Where members on the own LAN can be reached there, and how this node can be, unless all are told: what is new, or all. */
  takeLan({ hints, own, part }: Pick<ControllerFrameOf<'lan'>, 'hints' | 'own' | 'part'>): boolean {
    const before = this.lanDigest
    const told = new Set(hints.map(({ node }) => node))
    if (!part) for (const { node } of this.#lan.all()) if (!told.has(node)) this.#leaveLan(node as NodeId)
    // All on a LAN are told with the same bytes, this node of itself as well.
    for (const hint of hints) if (hint.node !== this.#own) this.#takeLanHint(hint)
    if (own && !isSame(own, this.#apart?.hint)) this.#apart = { hint: own, reach: toReach(own) }
    if (!own && !part) this.#apart = undefined
    return this.lanDigest !== before
  }

  /** What is known of where a member is; the same object until that changes. */
  reachOf(node: NodeId): Reach {
    const own = node === this.#own ? this.#apart?.reach : undefined
    const known = this.#reaches.get(node) ?? own ?? this.#nowhere.get(node)
    if (known) return known
    const unknown = nowhere(node)
    this.#nowhere.set(node, unknown)
    return unknown
  }

  lanOf(node: NodeId): readonly Endpoint[] {
    return this.#lanEndpoints.get(node) ?? NO_ENDPOINTS
  }

  /** There is another set of members. */
  forgetStrangers(): void {
    for (const node of this.#reaches.keys()) if (!this.#tools.isMember(node)) this.#reaches.delete(node)
    this.#nowhere.clear()
  }

  forget(node: NodeId): void {
    this.#hints.remove(node)
    this.#reaches.delete(node)
    this.#nowhere.delete(node)
  }

  /** Of members only, so that a set of hints has no more than these. */
  #takeHint(hint: Hint): void {
    const node = hint.node as NodeId
    if (!this.#tools.isMember(node) || !this.#hints.put(hint)) return
    this.#reaches.set(node, toReach(hint))
    this.#tools.onNews(node)
  }

  #takeLanHint(hint: LanHint): void {
    const node = hint.node as NodeId
    if (hint.endpoints.length === 0) return this.#leaveLan(node)
    if (!this.#lan.put(hint)) return
    this.#lanEndpoints.set(node, endpointsIn(hint.endpoints))
    this.#tools.onNews(node)
  }

  #leaveLan(node: NodeId): void {
    if (!this.#lan.remove(node)) return
    this.#lanEndpoints.delete(node)
    this.#tools.onNews(node)
  }
}

function isSame(a: Hint, b: Hint | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
