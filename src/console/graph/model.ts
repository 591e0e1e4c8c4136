import type { Graph, GraphPatch } from '../../client/operations.ts'
import type { GraphLink, GraphNode } from './view.ts'

/** A link, and how fast it goes. */
export interface LiveLink extends GraphLink {
  /** Bytes a second, both ways; 0 until two looks were had. */
  readonly rate: number
  /** When this was heard, in ms. */
  readonly heardAt: number
}

/** The graph as it is known here: what was asked for once, and every change since. Holds what is in the network and no more. */
export class GraphModel {
  readonly nodes = new Map<string, GraphNode>()
  readonly links = new Map<string, LiveLink>()
  graph: Omit<Graph, 'nodes' | 'links'>
  /** +1 at each change. */
  version = 0
  #hasAllMembers = false

  constructor(graph: Graph, now: number) {
    this.graph = graph
    this.load(graph, now)
  }

  /** Takes a whole graph over what is there; rates of links that stay are kept. */
  load(graph: Graph, now: number): void {
    const { nodes, links, ...rest } = graph
    this.graph = rest
    this.nodes.clear()
    for (const node of nodes) this.nodes.set(node.id, node)
    this.#hasAllMembers = nodes.length === graph.members.all
    const before = new Map(this.links)
    this.links.clear()
    for (const link of links) this.#put(link, before.get(keyOf(link)), now)
    this.version += 1
  }

  apply({ nodes, gone, links, revision }: GraphPatch, now: number): void {
    for (const id of gone) this.nodes.delete(id)
    if (gone.length > 0) this.#dropLinksOf(new Set(gone))
    // Of a picture of groups only the members of open ones are here; a newcomer may belong to one that is closed.
    for (const node of nodes)
      if (this.#hasAllMembers || this.nodes.has(node.id)) this.nodes.set(node.id, node)
    for (const link of links)
      if (this.nodes.has(link.a) && this.nodes.has(link.b)) this.#put(link, this.links.get(keyOf(link)), now)
    this.graph = { ...this.graph, revision: Math.max(revision, this.graph.revision) }
    this.version += 1
  }

  /** Whether every member of the network is here. */
  get hasAllMembers(): boolean {
    return this.#hasAllMembers
  }

  /** How the members are: counted here if all are here, else as the controller counted them. */
  members(): Graph['members'] {
    if (!this.#hasAllMembers) return this.graph.members
    const all = [...this.nodes.values()]
    const of = (isIt: (node: GraphNode) => boolean) => all.filter(isIt).length
    return {
      all: all.length,
      online: of(({ online }) => online),
      applied: of(({ state }) => state === 'applied'),
      refused: of(({ state }) => state === 'refused'),
    }
  }

  /** Whether every link of the network is here, so that what is counted here is the whole. */
  get isWhole(): boolean {
    return this.graph.omitted === 0 && this.graph.between.length === 0
  }

  /** The links of each state: counted here if all are here, else as the controller counted them. */
  counts(): Graph['counts'] {
    if (!this.isWhole) return this.graph.counts
    const counts = {
      links: 0,
      up: 0,
      stale: 0,
      down: 0,
      pending: 0,
      lan: 0,
      direct: 0,
      punched: 0,
      relayed: 0,
      rxBytes: 0,
      txBytes: 0,
    }
    for (const { state, path, rxBytes, txBytes } of this.links.values()) {
      counts.links += 1
      counts[state] += 1
      if (state === 'up' && path !== 'none') counts[path] += 1
      counts.rxBytes += rxBytes
      counts.txBytes += txBytes
    }
    return counts
  }

  #put(link: GraphLink, before: LiveLink | undefined, now: number): void {
    const seconds = before ? (now - before.heardAt) / 1_000 : 0
    const moved = before ? link.rxBytes + link.txBytes - before.rxBytes - before.txBytes : 0
    // Reports come every 15 s; what lies closer together is no second look.
    const isLook = seconds >= 2
    const rate = isLook ? Math.max(0, moved / seconds) : (before?.rate ?? 0)
    this.links.set(keyOf(link), { ...link, rate, heardAt: before && !isLook ? before.heardAt : now })
  }

  #dropLinksOf(gone: ReadonlySet<string>): void {
    for (const [key, { a, b }] of this.links) if (gone.has(a) || gone.has(b)) this.links.delete(key)
  }
}

export function keyOf({ a, b }: Pick<GraphLink, 'a' | 'b'>): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/** Seconds since the last handshake, by now. */
export function handshakeAge({ handshakeAgeSeconds, heardAt }: LiveLink, now: number): number | undefined {
  return handshakeAgeSeconds === null ? undefined : handshakeAgeSeconds + Math.max(0, (now - heardAt) / 1_000)
}
