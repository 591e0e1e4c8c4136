import type { NodeId } from '../../keys/identity.ts'
import type { Network, Node } from '../../model/state.ts'
import type { Hint } from '../../protocol/frames.ts'
import { Audiences } from '../../topology/policy/audiences.ts'
import { type Class, NOBODY, Regime } from '../../topology/policy/regime.ts'
import { Encoder } from './encoder.ts'
import { Feed, type FeedTools } from './feed.ts'
import type { GroupNames } from './group-names.ts'
import type { Past } from './past.ts'
import { type HintFinder, putHints } from './put-hints.ts'

export interface NetworkFeedsTools
  extends Pick<FeedTools, 'signing' | 'epoch' | 'expiresAt' | 'count' | 'now'> {
  readonly groups: GroupNames
  readonly node: (id: NodeId) => Node | undefined
  readonly hintOf: HintFinder
  /** What was before somebody listened; absent: nothing is known of it. */
  readonly past?: (network: Network) => Past
}

/** A class that saw more than so many times what it sees now begins anew. */
const MOST_LOST = 2

/**
 * Touches that all classes together may remember at twice as many (touches.ts), at some 180 bytes each: each may be one of the
 * same hint. As many as eight large classes need: 12 MB, and 92 KB for each class beyond 128 of them.
 */
const MOST_TOUCHES = 32_768
/** What each may remember however many they are: what comes at once, as when 200 nodes join, is told as what it is. */
const LEAST_TOUCHES = 256

/** The key of the one class there is where all members see the same. */
const EVERYBODY = ''

/** The feeds of one network: one for each class of members that somebody listens in. */
export class NetworkFeeds {
  readonly #tools: NetworkFeedsTools
  readonly #feeds = new Map<string, Feed>()
  /** For classes that nobody has listened in since a policy: the feed that most of their members were told of before. */
  #origins = new Map<string, Feed>()
  /** Revision of the network at which classes came to have members that had none when these feeds or the policy began. */
  readonly #births = new Map<string, number>()
  readonly #encoder: Encoder
  /** Of the members as they are now: each class that sees one asks for it. */
  readonly #records = new Map<NodeId, Uint8Array>()
  #regime: Regime
  /** Undefined where all members see the same. */
  #audiences: Audiences | undefined

  constructor(network: Network, tools: NetworkFeedsTools) {
    this.#tools = tools
    this.#encoder = new Encoder(tools.groups)
    this.#regime = new Regime(network)
    this.#audiences = this.#classify(network)
  }

  /** What a member may see, if that was worked out already. */
  peek(viewer: NodeId): Feed | undefined {
    return this.#feeds.get(this.#keyOf(viewer))
  }

  /** What a member may see. */
  get(network: Network, viewer: NodeId): Feed {
    const key = this.#keyOf(viewer)
    const known = this.#feeds.get(key)
    if (known) return known
    const feed = this.#create(network, key)
    this.#origins.delete(key)
    this.#feeds.set(key, feed)
    return feed
  }

  /** Takes over members that came, went or changed. Gives the classes that have to be told. */
  advance(network: Network, nodes: readonly NodeId[]): ReadonlySet<string> {
    this.#forgetHints(nodes.filter((node) => !network.members.has(node)))
    const affected = new Map<string, NodeId[]>()
    for (const node of nodes) {
      this.#records.delete(node)
      for (const key of this.#shift(network, node)) {
        const known = affected.get(key)
        if (known) known.push(node)
        else affected.set(key, [node])
      }
    }
    return new Set(
      [...affected].flatMap(([key, some]) => (this.#feeds.get(key)?.advance(network, some) ? key : [])),
    )
  }

  /**
   * Takes over another policy: who sees whom is worked out anew. What that changes for a class is worked out when somebody
   * listens in it, for that takes its time where there are many classes of many members.
   */
  reclassify(network: Network): void {
    const before = this.#audiences
    const everybody = [...network.members.keys()]
    this.#regime = new Regime(network)
    this.#audiences = this.#classify(network)
    const keyBefore = (node: NodeId) => (before ? before.of(node)?.key : EVERYBODY)
    this.#origins = this.#originsOf(everybody, keyBefore)
    this.#births.clear()
    this.#records.clear()
    this.#feeds.clear()
  }

  /**
   * A class goes on from the feed that most of its members were told of. A class in which nobody has listened since the policy
   * before hands on the one of then.
   */
  #originsOf(nodes: readonly NodeId[], keyBefore: (node: NodeId) => string | undefined): Map<string, Feed> {
    const counts = new Map<string, Map<Feed, number>>()
    for (const node of nodes) {
      const [before, key] = [keyBefore(node), this.#keyOf(node)]
      const feed = before === undefined ? undefined : (this.#feeds.get(before) ?? this.#origins.get(before))
      if (!feed) continue
      const ofKey = counts.get(key) ?? new Map<Feed, number>()
      counts.set(key, ofKey.set(feed, (ofKey.get(feed) ?? 0) + 1))
    }
    return new Map([...counts].map(([key, feeds]) => [key, mostOf(feeds)]))
  }

  /** Takes over how a member can be reached. Gives the classes that have to be told. */
  hint(hint: Hint): ReadonlySet<string> {
    for (const origin of new Set(this.#origins.values())) origin.hint(hint)
    return new Set([...this.#feeds].flatMap(([key, feed]) => (feed.hint(hint) ? key : [])))
  }

  /** Of members that have left: should they come back before somebody listens, the classes that go on would tell where they were. */
  #forgetHints(gone: readonly NodeId[]): void {
    if (gone.length === 0) return
    for (const origin of new Set(this.#origins.values())) for (const node of gone) origin.forgetHint(node)
  }

  /** How a member can be reached itself, where its class does not see itself and so does not hear it. */
  own({ topology }: Network, member: NodeId): Hint | undefined {
    if (this.#regime.isUniform || topology === 'transit' || this.sees(member, member)) return undefined
    return this.#tools.hintOf(member)
  }

  /** The epoch was raised. */
  renew(): void {
    for (const feed of this.#feeds.values()) feed.renew()
  }

  /** Whether two members are peers, or could be if the topology links them. */
  sees(a: NodeId, b: NodeId): boolean {
    return this.#audiences?.sees(a, b) ?? true
  }

  /** What decides on whom a member sees; undefined for a stranger. */
  classOf(member: NodeId): Class | undefined {
    return this.#audiences ? this.#audiences.of(member) : NOBODY
  }

  /** By what that is decided. */
  get regime(): Regime {
    return this.#regime
  }

  /** Members of these classes; undefined: all. */
  membersOf(keys: Iterable<string>): NodeId[] | undefined {
    const audiences = this.#audiences
    return audiences && [...keys].flatMap((key) => [...audiences.membersOf(key)])
  }

  #classify(network: Network): Audiences | undefined {
    if (this.#regime.isUniform) return undefined
    const nodes = [...network.members.keys()].map((id) => this.#tools.node(id))
    return new Audiences(
      this.#regime,
      nodes.filter((node) => node !== undefined),
    )
  }

  #exists(key: string): boolean {
    return this.#audiences ? this.#audiences.get(key) !== undefined : key === EVERYBODY
  }

  #keyOf(viewer: NodeId): string {
    return this.#audiences?.of(viewer)?.key ?? EVERYBODY
  }

  /** Gives the classes that may see something else now. */
  #shift(network: Network, id: NodeId): Iterable<string> {
    if (!this.#audiences) return [EVERYBODY]
    const before = this.#keyOf(id)
    const node = network.members.has(id) ? this.#tools.node(id) : undefined
    const { affected, hasMoved } = node ? this.#audiences.put(node) : this.#audiences.remove(id)
    if (!this.#exists(before)) this.#feeds.delete(before)
    if (!hasMoved) return affected
    const now = this.#keyOf(id)
    if (this.#audiences.membersOf(now).size === 1) this.#births.set(now, network.revision)
    this.#feeds.get(now)?.raise(network)
    return affected
  }

  #create(network: Network, key: string): Feed {
    const { signing, epoch, expiresAt, count, now } = this.#tools
    const members = this.#audiences?.visibleTo(key) ?? [...network.members.keys()]
    const mostTouches = () =>
      Math.max(LEAST_TOUCHES, Math.floor(MOST_TOUCHES / (this.#feeds.size + this.#origins.size)))
    const own = { signing, epoch, expiresAt, count, now, mostTouches }
    const tools = {
      ...own,
      members,
      record: (latest: Network, node: NodeId) => this.#record(latest, node, key),
      view: (records: ReadonlyMap<NodeId, Uint8Array>, filter: Uint8Array) =>
        this.#encoder.view(records, filter),
      filter: () => this.#encoder.filter(network, this.#audiences?.filterOf(key)),
    }
    const { hintOf } = this.#tools
    const past = () =>
      this.#tools
        .past?.(network)
        .feedOf(key, this.#births.get(key) ?? 0, { ...own, encoder: this.#encoder, hintOf })
    const origin = this.#origins.get(key) ?? past()
    // Where nearly all are lost to sight, those that are left are told with less.
    const isFew = origin && origin.size > MOST_LOST * members.length
    const feed = new Feed(network, tools, isFew ? undefined : origin)
    if (origin && !isFew) this.#renewFeed(network, members, feed)
    else putHints(feed, members, hintOf)
    // Some may come from another feed, and have a later revision than this one.
    feed.raise(network)
    return feed
  }

  /** Another policy may show other members, in another light. */
  #renewFeed(network: Network, visible: readonly NodeId[], feed: Feed): void {
    const before = feed.members()
    feed.advance(network, [...new Set([...visible, ...before])])
    const known = new Set(before)
    const isNew = (node: NodeId) => !known.has(node)
    putHints(feed, visible.filter(isNew), this.#tools.hintOf)
  }

  #record(network: Network, id: NodeId, key: string): Uint8Array | undefined {
    if (!this.#isVisible(id, key)) return undefined
    const known = this.#records.get(id)
    if (known) return known
    const [member, node] = [network.members.get(id), this.#tools.node(id)]
    if (!member || !node) return undefined
    const opener = this.#audiences?.of(id)?.opener ?? ''
    const record = this.#encoder.record(network, this.#regime, member, node, opener)
    // Where all members are of one class nobody else asks.
    if (record && this.#audiences) this.#records.set(id, record)
    return record
  }

  #isVisible(node: NodeId, key: string): boolean {
    const own = this.#audiences?.of(node)
    return !this.#audiences || (own !== undefined && this.#audiences.partnersOf(key).has(own.key))
  }
}

function mostOf(feeds: ReadonlyMap<Feed, number>): Feed {
  const [feed] = [...feeds].reduce((best, one) => (one[1] > best[1] ? one : best))
  return feed
}
