import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { ControllerFrameOf, Hint, LanHint } from '../../protocol/frames.ts'
import { HintSum, type Lanes, lanesOf } from '../../protocol/hints.ts'
import { type LanContent, lanDigest, wholeLanDigest } from '../../protocol/lans.ts'
import { lanEndpoints } from '../../topology/lan.ts'
import type { Regime } from '../../topology/policy/regime.ts'
import { Message } from '../push/message.ts'
import { LanNews, type News } from './lan-news.ts'
import { LanPlaces, type LanPlacesTools } from './lan-places.ts'
import { type LanStep, type LanTold, UNKNOWN } from './lan-told.ts'
import { type Spot, sees } from './spot.ts'

export interface LanNetworkTools extends LanPlacesTools {
  readonly id: NetworkId
  /** How a member can be reached itself, where it does not hear that with all others. */
  readonly own: (node: NodeId) => Hint | undefined
  readonly count: (what: 'encodings') => void
}

/** Sums that are kept for the next who is at the same spot: some 2 MB at most. */
const MOST_SUMS = 8_192

/**
 * The LANs of one network. It keeps where each member is, and what was before; a session keeps a number (lan-touches.ts).
 * Those on the same LANs who see the same are told with the same bytes, and nothing is kept for a viewer. What it costs to tell
 * a viewer goes by who is on its LANs or was, whatever happens elsewhere.
 */
export class LanNetwork {
  readonly #tools: LanNetworkTools
  readonly #places: LanPlaces
  readonly #news: LanNews
  /** What all of it amounts to for those at one spot, then or now, until something happens. */
  readonly #sums = new Map<string, { readonly sum: HintSum; readonly size: number }>()
  /** All of it, as it was last told. */
  #whole: { readonly key: string; readonly message: Message } | undefined
  readonly #lanes = new WeakMap<Spot, Map<string, Lanes>>()
  /** How those can be reached who are told that apart, as it was looked at last. */
  readonly #owns = new Map<NodeId, string>()

  constructor(members: Iterable<NodeId>, regime: Regime, tools: LanNetworkTools) {
    this.#tools = tools
    this.#places = new LanPlaces(members, regime, tools)
    this.#news = new LanNews(this.#places)
  }

  /** Takes over where a member is now, and what it may see. Gives who has to be told. */
  update(node: NodeId, isMember: boolean): readonly NodeId[] {
    if (!isMember) this.#owns.delete(node)
    const neighbours = this.#places.move(node, isMember)
    if (!neighbours) return []
    this.#forgetNews()
    return neighbours.size > 0 ? [node, ...neighbours] : []
  }

  /** There is another policy: who sees whom is another. */
  renew(regime: Regime): void {
    this.#places.renew(regime)
    this.#forgetNews()
  }

  /** A member can be reached like this, and is told so apart from all others. Whether that is news. */
  renewOwn(node: NodeId, hint: Hint): boolean {
    const text = textOf(hint)
    if (text === this.#owns.get(node)) return false
    this.#owns.set(node, text)
    this.#places.renewOwn(node)
    return true
  }

  /** What an agent is to be told that reads parts. */
  follow(viewer: NodeId, told: LanTold): LanStep {
    const { now } = this.#places
    const { touch: from, claim } = told
    if (from === undefined) return this.#begin(viewer, told.digest)
    if (from === now && !claim) return { told }
    if (!this.#places.reaches(from) || !this.#isTrue(viewer, told, from)) return this.#begin(viewer, UNKNOWN)
    const hint = this.#places.isTouched(viewer, from) ? this.#ownOf(viewer) : told.own
    if (told.own && !hint) return this.#begin(viewer, UNKNOWN)
    const news = this.#news.since(from, viewer)
    const next = { touch: now, digest: undefined, own: hint }
    if (hint && !isSame(hint, told.own))
      return { told: next, message: this.#encode({ ...news, own: hint, part: true }) }
    if (news.hints.every(({ node }) => node === viewer)) return { told: next }
    return { told: next, message: this.#partOf(news) }
  }

  /** What an agent is to be told that knows no parts, of a release before there were any: all of it. */
  followWhole(viewer: NodeId, told: LanTold): LanStep {
    const { touch: from, claim } = told
    const has = !claim || claim.digest === told.digest ? told.digest : UNKNOWN
    const next = { touch: this.#places.now, digest: told.digest, own: undefined }
    if (from !== undefined && has !== UNKNOWN && !this.#concerns(viewer, from)) return { told: next }
    const content = this.#wholeOf(viewer)
    const digest = wholeLanDigest(content)
    if (digest === has) return { told: { ...next, digest } }
    return { told: { ...next, digest }, message: this.#encode(content) }
  }

  #ownOf(viewer: NodeId): Hint | undefined {
    const own = this.#tools.own(viewer)
    if (own) this.#owns.set(viewer, textOf(own))
    else this.#owns.delete(viewer)
    return own
  }

  /** All of it, unless the agent has shown that it has that. */
  #begin(viewer: NodeId, digest: string | undefined): LanStep {
    const spot = this.#places.at(viewer)
    const own = this.#ownOf(viewer)
    const { now } = this.#places
    const told = { touch: now, digest: undefined, own }
    if (this.#digestAt(viewer, now, own) === digest) return { told }
    return { told, message: own ? this.#encode({ hints: this.#hintsAt(spot), own }) : this.#wholeAt(spot) }
  }

  /** Whether an agent has what it was told last, if it said what it has. */
  #isTrue(viewer: NodeId, { claim, own }: LanTold, from: number): boolean {
    if (!claim) return true
    // What is as it was is looked at once for all there, whenever each was told last.
    const then = this.#concerns(viewer, from) ? from : this.#places.now
    return claim.digest === this.#digestAt(viewer, then, own)
  }

  /** By what an agent shows that it has all that there was then for it to have. */
  #digestAt(viewer: NodeId, then: number, own: Hint | undefined): string | undefined {
    const spot = this.#places.at(viewer, then)
    const { sum, size } = this.#sumAt(spot, then)
    const itself = this.#lanesAt(viewer, spot, then)
    return lanDigest({ size: itself ? size - 1 : size, digest: () => sum.digest(itself) }, own)
  }

  /** Whether something since may be new to a viewer. */
  #concerns(viewer: NodeId, from: number): boolean {
    if (!this.#places.reaches(from) || this.#places.isTouched(viewer, from)) return true
    return this.#places.movedOn(this.#places.at(viewer).lans, from).size > 0
  }

  #sumAt(spot: Spot, then: number) {
    const key = `${then}\n${spot.key}`
    const known = this.#sums.get(key)
    if (known) return known
    const all = [...this.#places.on(spot.lans, then)].map((node) => this.#lanesAt(node, spot, then))
    const lanes = all.filter((each) => each !== undefined)
    const sum = new HintSum()
    for (const each of lanes) sum.add(each)
    const fresh = { sum, size: lanes.length }
    if (this.#sums.size >= MOST_SUMS) this.#sums.clear()
    this.#sums.set(key, fresh)
    return fresh
  }

  /** What a member adds to the sum at a spot; undefined where it is not told of. */
  #lanesAt(node: NodeId, spot: Spot, then: number): Lanes | undefined {
    const endpoints = this.#places.told(node, spot, then)
    if (endpoints.length === 0) return undefined
    const at = this.#places.at(node, then)
    const text = JSON.stringify({ node, endpoints })
    const cache = this.#lanes.get(at) ?? new Map<string, Lanes>()
    const lanes = cache.get(text) ?? lanesOf(text)
    this.#lanes.set(at, cache.set(text, lanes))
    return lanes
  }

  /** All of it for one that knows no parts: in a fixed order, without the addresses that it has itself. */
  #wholeOf(viewer: NodeId): LanContent {
    const here = this.#places.at(viewer)
    const regime = this.#places.regimeAt(this.#places.now)
    const hints = [...this.#places.on(here.lans)].sort().flatMap((node) => {
      const there = this.#places.at(node)
      if (node === viewer || !sees(here, there, regime)) return []
      return [{ node, endpoints: [...lanEndpoints(here.places, there.places)] }]
    })
    const own = this.#ownOf(viewer)
    return { hints, ...(own && { own }) }
  }

  #wholeAt(spot: Spot): Message {
    if (this.#whole?.key === spot.key) return this.#whole.message
    const message = this.#encode({ hints: this.#hintsAt(spot) })
    this.#whole = { key: spot.key, message }
    return message
  }

  #hintsAt(spot: Spot): LanHint[] {
    return [...this.#places.on(spot.lans)].flatMap((node) => {
      const endpoints = this.#places.told(node, spot)
      return endpoints.length > 0 ? [{ node, endpoints: [...endpoints] }] : []
    })
  }

  #partOf(news: News): Message {
    news.message ??= this.#encode({ hints: news.hints, part: true })
    return news.message
  }

  #encode({ hints, own, part }: Content): Message {
    this.#tools.count('encodings')
    const { id: network } = this.#tools
    return new Message({
      type: 'lan',
      network,
      hints: [...hints],
      ...(own && { own }),
      ...(part && { part }),
    })
  }

  #forgetNews(): void {
    this.#news.forget()
    this.#sums.clear()
    this.#whole = undefined
  }
}

interface Content extends Partial<Pick<ControllerFrameOf<'lan'>, 'own' | 'part'>> {
  readonly hints: readonly LanHint[]
}

function textOf(hint: Hint): string {
  return JSON.stringify(hint)
}

function isSame(a: Hint, b: Hint | undefined): boolean {
  return b !== undefined && textOf(a) === textOf(b)
}
