import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { ControllerFrameOf, Hint, LanHint } from '../../protocol/frames.ts'
import { HintSum, type Lanes, lanesOf } from '../../protocol/hints.ts'
import { lanDigest, wholeLanDigest } from '../../protocol/lans.ts'
import { LanIndex, type LanPlace, lanEndpoints } from '../../topology/lan.ts'
import type { Class, Regime } from '../../topology/policy/regime.ts'
import { Message } from '../push/message.ts'
import { LanTouches, type Past } from './lan-touches.ts'
import { isSameSpot, NOWHERE, type Spot, sees, spotOf, toldOf } from './spot.ts'

export interface LanNetworkTools {
  readonly id: NetworkId
  readonly placesOf: (node: NodeId) => readonly LanPlace[]
  /** Undefined for who is no member. */
  readonly classOf: (node: NodeId) => Class | undefined
  /** How a member can be reached itself, where it does not hear that with all others. */
  readonly own: (node: NodeId) => Hint | undefined
  readonly count: (what: 'encodings') => void
}

/** What an agent was told of its LAN in one network. */
export interface LanTold {
  /** Number of the first touch that it was not told; undefined: only the digest says what it has. */
  readonly touch: number | undefined
  readonly digest: string | undefined
  /** How it can be reached itself, as it was told. */
  readonly own: string | undefined
}

/** What one was told of which only that is known. @param digest by which it shows what it has; undefined: it has nothing */
export function knownLan(digest: string | undefined): LanTold {
  return { touch: undefined, digest, own: undefined }
}

/** What one was told who may have anything: it is told all, even that there is nothing. */
export function unknownLan(): LanTold {
  return knownLan(UNKNOWN)
}

/** What it is to be sent, and what it was told afterwards. */
export interface LanStep {
  readonly message?: Message
  readonly told: LanTold
}

/** Nobody has this one, so all is told, even that there is nothing. */
const UNKNOWN = ''

interface News {
  readonly hints: readonly LanHint[]
  message: Message | undefined
}

/**
 * The LANs of one network. It keeps where each member is, and what was before; a session keeps a number (lan-touches.ts).
 * Those on the same LANs who see the same are told with the same bytes, and nothing is kept for a viewer.
 */
export class LanNetwork {
  readonly #tools: LanNetworkTools
  readonly #index = new LanIndex()
  readonly #touches = new LanTouches()
  #spots = new Map<NodeId, Spot>()
  #regime: Regime
  /** What is new since a touch for those at one spot, and what all of it amounts to there. Both until something happens. */
  readonly #news = new Map<string, News>()
  readonly #sums = new Map<string, { readonly sum: HintSum; readonly size: number }>()
  /** All of it, as it was last told. */
  #whole: { readonly key: string; readonly message: Message } | undefined
  readonly #lanes = new WeakMap<Spot, Map<string, Lanes>>()

  constructor(members: Iterable<NodeId>, regime: Regime, tools: LanNetworkTools) {
    this.#tools = tools
    this.#regime = regime
    for (const node of members) this.#put(node, spotOf(tools.placesOf(node), tools.classOf(node)))
  }

  /** Takes over where a member is now, and what it may see. Gives who has to be told. */
  update(node: NodeId, isMember: boolean): readonly NodeId[] {
    const { placesOf, classOf } = this.#tools
    const [before, now] = [this.#at(node), isMember ? spotOf(placesOf(node), classOf(node)) : NOWHERE]
    if (isSameSpot(before, now)) return []
    this.#touch(node)
    const neighbours = this.#put(node, now)
    return neighbours.size > 0 ? [node, ...neighbours] : []
  }

  /** There is another policy: who sees whom is another. */
  renew(regime: Regime): void {
    this.#forgetNews()
    this.#touches.addAll({ regime: this.#regime, spots: this.#spots })
    this.#regime = regime
    const renewed = ([node, { places }]: [NodeId, Spot]) =>
      [node, spotOf(places, this.#tools.classOf(node))] as const
    this.#spots = new Map(Array.from(this.#spots, renewed))
  }

  /** A member can be reached in another way. */
  renewOwn(node: NodeId): void {
    this.#touch(node)
  }

  /** What an agent is to be told that reads parts. */
  follow(viewer: NodeId, told: LanTold): LanStep {
    const { end } = this.#touches
    if (told.touch === end) return { told }
    const past = told.touch === undefined ? undefined : this.#touches.since(told.touch)
    if (!past) return this.#begin(viewer, told.touch === undefined ? told.digest : UNKNOWN)
    const isConcerned = past.isAll || past.touched.has(viewer)
    const hint = isConcerned ? this.#tools.own(viewer) : undefined
    const own = isConcerned ? textOf(hint) : told.own
    if (told.own !== undefined && own === undefined) return this.#begin(viewer, UNKNOWN)
    const news = this.#newsSince(`${told.touch}`, past, viewer)
    const next = { touch: end, digest: undefined, own }
    if (hint && own !== told.own)
      return { told: next, message: this.#encode({ ...news, own: hint, part: true }) }
    if (news.hints.every(({ node }) => node === viewer)) return { told: next }
    news.message ??= this.#encode({ hints: news.hints, part: true })
    return { told: next, message: news.message }
  }

  /** What an agent is to be told that knows no parts, of a release before there were any: all of it. */
  followWhole(viewer: NodeId, told: LanTold): LanStep {
    const { end } = this.#touches
    const past = told.touch === undefined ? undefined : this.#touches.since(told.touch)
    if (past && !this.#concerns(viewer, past)) return { told: { ...told, touch: end } }
    const { places, lans } = this.#at(viewer)
    const others = [...this.#index.membersOf(lans)].filter(
      (node) => node !== viewer && this.#sees(viewer, node),
    )
    const hints = others.sort().map((node) => ({
      node,
      endpoints: [...lanEndpoints(places, this.#at(node).places)],
    }))
    const own = this.#tools.own(viewer)
    const content = { hints, ...(own && { own }) }
    const digest = wholeLanDigest(content)
    const next = { touch: end, digest, own: undefined }
    return digest === told.digest ? { told: next } : { told: next, message: this.#encode(content) }
  }

  /** All of it, unless the agent has shown that it has that. */
  #begin(viewer: NodeId, digest: string | undefined): LanStep {
    const spot = this.#at(viewer)
    const own = this.#tools.own(viewer)
    const { sum, size } = this.#sumAt(spot)
    const itself = this.#lanesAt(viewer, spot)
    const others = { size: itself ? size - 1 : size, digest: () => sum.digest(itself) }
    const told = { touch: this.#touches.end, digest: undefined, own: textOf(own) }
    if (lanDigest(others, own) === digest) return { told }
    return { told, message: own ? this.#encode({ hints: this.#hintsAt(spot), own }) : this.#wholeAt(spot) }
  }

  /** What is different for who is where the viewer is, and was where it was. */
  #newsSince(from: string, past: Past, viewer: NodeId): News {
    const is = this.#at(viewer)
    const was = past.spotOf(viewer) ?? is
    const key = [from, was.key, is.key].join('\n')
    const known = this.#news.get(key)
    if (known) return known
    const regime = past.regime ?? this.#regime
    const isWide = past.isAll || was.key !== is.key
    const nearby = isWide ? this.#index.membersOf([...was.lans, ...is.lans]) : NOBODY
    const hints = [...new Set([...past.touched, ...nearby])].flatMap((node): LanHint[] => {
      const now = this.#at(node)
      const before = toldOf(past.spotOf(node) ?? now, was, regime)
      const endpoints = toldOf(now, is, this.#regime)
      return before.join() === endpoints.join() ? [] : [{ node, endpoints: [...endpoints] }]
    })
    const news: News = { hints, message: undefined }
    this.#news.set(key, news)
    return news
  }

  /** Whether something of it may be new to a viewer. */
  #concerns(viewer: NodeId, past: Past): boolean {
    if (past.isAll || past.touched.has(viewer)) return true
    const { lans } = this.#at(viewer)
    const isNear = (spot: Spot | undefined) => spot?.places.some(({ lan }) => lans.has(lan))
    return [...past.touched].some((node) => isNear(this.#at(node)) || isNear(past.spotOf(node)))
  }

  #sumAt(spot: Spot) {
    const known = this.#sums.get(spot.key)
    if (known) return known
    const all = [...this.#index.membersOf(spot.lans)].map((node) => this.#lanesAt(node, spot))
    const lanes = all.filter((each) => each !== undefined)
    const sum = new HintSum()
    for (const each of lanes) sum.add(each)
    const fresh = { sum, size: lanes.length }
    this.#sums.set(spot.key, fresh)
    return fresh
  }

  /** What a member adds to the sum at a spot; undefined where it is not told of. */
  #lanesAt(node: NodeId, spot: Spot): Lanes | undefined {
    const at = this.#at(node)
    const endpoints = toldOf(at, spot, this.#regime)
    if (endpoints.length === 0) return undefined
    const text = JSON.stringify({ node, endpoints })
    const cache = this.#lanes.get(at) ?? new Map<string, Lanes>()
    const lanes = cache.get(text) ?? lanesOf(text)
    this.#lanes.set(at, cache.set(text, lanes))
    return lanes
  }

  #wholeAt(spot: Spot): Message {
    if (this.#whole?.key === spot.key) return this.#whole.message
    const message = this.#encode({ hints: this.#hintsAt(spot) })
    this.#whole = { key: spot.key, message }
    return message
  }

  #hintsAt(spot: Spot): LanHint[] {
    return [...this.#index.membersOf(spot.lans)].flatMap((node) => {
      const endpoints = toldOf(this.#at(node), spot, this.#regime)
      return endpoints.length > 0 ? [{ node, endpoints: [...endpoints] }] : []
    })
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

  #sees(viewer: NodeId, node: NodeId): boolean {
    return sees(this.#at(viewer), this.#at(node), this.#regime)
  }

  #at(node: NodeId): Spot {
    return this.#spots.get(node) ?? NOWHERE
  }

  /** Gives all that were or are its neighbours. */
  #put(node: NodeId, spot: Spot): ReadonlySet<NodeId> {
    if (spot === NOWHERE) this.#spots.delete(node)
    else this.#spots.set(node, spot)
    return this.#index.put(node, spot.places)
  }

  #touch(node: NodeId): void {
    this.#forgetNews()
    this.#touches.add(node, this.#at(node))
  }

  #forgetNews(): void {
    this.#news.clear()
    this.#sums.clear()
    this.#whole = undefined
  }
}

interface Content extends Partial<Pick<ControllerFrameOf<'lan'>, 'own' | 'part'>> {
  readonly hints: readonly LanHint[]
}

const NOBODY: ReadonlySet<NodeId> = new Set()

function textOf(hint: Hint | undefined): string | undefined {
  return hint && JSON.stringify(hint)
}
