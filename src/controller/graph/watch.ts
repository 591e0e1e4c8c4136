import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { Entry } from '../../log/log.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Network, State } from '../../model/state.ts'
import type { PresenceNews } from '../presence/presence.ts'
import { networksOf } from './describe.ts'
import { type GraphLink, type GraphNode, type GraphTools, graphNode } from './graph.ts'
import { briefStatus, observeLink, pathInUse } from './links.ts'
import { Lookout } from './lookout.ts'
import { type Pair, pairsOf } from './pairs.ts'

/** What changed on the picture of a network since the last patch: values as they are now, so that one may be missed. */
export interface GraphPatch {
  readonly network: NetworkId
  readonly revision: number
  readonly nodes: readonly GraphNode[]
  readonly gone: readonly NodeId[]
  readonly links: readonly GraphLink[]
  /** Whether more changed than stands here, so that the graph is to be asked for again. */
  readonly more: boolean
}

export interface WatchTools {
  readonly clock: Clock
  readonly observations: () => GraphTools
}

type Listener = (patch: GraphPatch) => void

/** Milliseconds between two patches, and between two looks for what time alone changed. */
const BEAT = 1_000
const SWEEP_BEATS = 5
/** Pairs of a network up to which every link is followed; of larger ones, that something changed. */
const SMALL = 20_000
/** Nodes and links in one patch, each. */
const PATCH_LIMIT = 1_000

/**
 * What is seen of networks that somebody looks at, told once a second at most. It keeps no queue: only what was touched,
 * and works out what that is now when it is told.
 */
export class Watch {
  readonly #tools: WatchTools
  readonly #watched = new Map<NetworkId, Watched>()
  readonly #listeners = new Map<Listener, NetworkId>()
  #beats = 0
  #cancel: (() => void) | undefined

  constructor(tools: WatchTools) {
    this.#tools = tools
  }

  /** Calls `listener` with what changes in a network from now on, until the returned function is called. */
  subscribe(network: NetworkId, listener: Listener): () => void {
    this.#listeners.set(listener, network)
    if (!this.#watched.has(network)) this.#watched.set(network, new Watched(network))
    this.#cancel ??= this.#tools.clock.after(BEAT, () => this.#beat())
    return () => {
      this.#listeners.delete(listener)
      if (![...this.#listeners.values()].includes(network)) this.#watched.delete(network)
    }
  }

  onPresence({ node, network, peers }: PresenceNews): void {
    if (this.#watched.size === 0) return
    const { state } = this.#tools.observations()
    const networks = network ? [network] : [...(state.networksOfNode.get(node)?.keys() ?? [])]
    for (const id of networks) this.#watched.get(id)?.touch(node, peers)
  }

  onEntry({ events }: Entry, before: State, after: State): void {
    if (this.#watched.size === 0) return
    for (const event of events) {
      for (const id of new Set([...networksOf(event, before), ...networksOf(event, after)])) {
        const watched = this.#watched.get(id)
        const isOfMember = event.type === 'member-added' || event.type === 'member-removed'
        if (isOfMember) watched?.move(event.node)
        else watched?.rebuild()
      }
    }
  }

  #beat(): void {
    this.#cancel = undefined
    if (this.#watched.size === 0) return
    this.#cancel = this.#tools.clock.after(BEAT, () => this.#beat())
    const isSweep = ++this.#beats % SWEEP_BEATS === 0
    const tools = this.#tools.observations()
    for (const [id, watched] of this.#watched) {
      const network = tools.state.networks.get(id)
      const patch = network && watched.patch(network, tools, isSweep)
      if (!patch) continue
      for (const [listener, wanted] of this.#listeners) if (wanted === id) listener(patch)
    }
  }
}

/** One network that somebody looks at. */
class Watched {
  readonly #id: NetworkId
  readonly #nodes = new Set<NodeId>()
  readonly #moved = new Set<NodeId>()
  readonly #links = new Map<string, Pair>()
  /** What was last told or found of each link, of small networks. */
  readonly #last = new Map<string, string>()
  #more = false
  #revision = 0

  constructor(id: NetworkId) {
    this.#id = id
  }

  touch(node: NodeId, peers: readonly NodeId[] | undefined): void {
    if (!peers) this.#nodes.add(node)
    if (this.#links.size > SMALL) return
    for (const peer of peers ?? []) {
      const pair: Pair = node < peer ? [node, peer] : [peer, node]
      this.#links.set(pair.join(), pair)
    }
  }

  move(node: NodeId): void {
    this.#moved.add(node)
  }

  rebuild(): void {
    this.#more = true
  }

  patch(network: Network, tools: GraphTools, isSweep: boolean): GraphPatch | undefined {
    const lookout = new Lookout(network, tools)
    const { size } = network.members
    const isSmall = (size * (size - 1)) / 2 <= SMALL
    if (isSweep && isSmall) this.#sweep(lookout)
    if (isSweep && !isSmall && this.#links.size > 0) this.#more = true
    const moved = [...this.#moved]
    const nodes = [...new Set([...moved, ...this.#nodes])].filter((node) => network.members.has(node))
    const gone = moved.filter((node) => !network.members.has(node))
    const links = isSmall ? this.#linksOf(lookout) : []
    const isUnder = nodes.length <= PATCH_LIMIT && gone.length <= PATCH_LIMIT
    const more = this.#more || !isUnder || (!isSmall && moved.length > 0)
    const isNews = nodes.length + gone.length + links.length > 0 || more || this.#revision < network.revision
    this.#settle(isSmall, network.revision)
    if (!isNews) return undefined
    const shown = nodes.slice(0, PATCH_LIMIT).flatMap((node) => {
      const member = network.members.get(node)
      return member ? [graphNode(network, member, tools)] : []
    })
    return { network: this.#id, revision: network.revision, nodes: shown, gone, links, more }
  }

  /** The newcomers' links count as touched. */
  #linksOf(lookout: Lookout): GraphLink[] {
    const pairs = pairsOf(lookout.network, lookout.seen.state)
    for (const node of this.#moved)
      if (lookout.network.members.has(node))
        for (const pair of pairs.of(node)) this.#links.set(pair.join(), pair)
    const links: GraphLink[] = []
    for (const [key, [a, b]] of this.#links) {
      if (links.length >= PATCH_LIMIT) break
      this.#links.delete(key)
      if (!lookout.isPair(a, b)) continue
      this.#last.set(key, standingOf(lookout, [a, b]))
      links.push({ a, b, ...briefStatus(lookout, a, b) })
    }
    return links
  }

  /** Time alone makes a link stale, or a pending one fail. The first sweep only takes down how things are. */
  #sweep(lookout: Lookout): void {
    const isFirst = this.#last.size === 0
    for (const pair of pairsOf(lookout.network, lookout.seen.state).all()) {
      const key = pair.join()
      const standing = standingOf(lookout, pair)
      if (this.#last.get(key) === standing) continue
      this.#last.set(key, standing)
      if (!isFirst) this.#links.set(key, pair)
    }
  }

  #settle(isSmall: boolean, revision: number): void {
    this.#nodes.clear()
    this.#moved.clear()
    if (!isSmall) {
      this.#links.clear()
      this.#last.clear()
    }
    this.#more = false
    this.#revision = revision
  }
}

function standingOf(lookout: Lookout, [a, b]: Pair): string {
  const { state } = observeLink(lookout, a, b)
  const inUse = state === 'up' ? pathInUse(lookout, a, b) : undefined
  return `${state} ${inUse?.path} ${inUse?.via}`
}
