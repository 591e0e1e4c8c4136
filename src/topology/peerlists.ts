import type { NodeId } from '../keys/identity.ts'
import { isCarrier, type Shape, type Standing } from './standing.ts'

/** A peer, and the members whose prefixes it owns, itself among them; sorted. */
export interface Peering {
  readonly node: NodeId
  readonly carries: readonly NodeId[]
}

/**
 * The peer lists of all members at one moment, `ownerOf` turned round. Members of one kind have nearly the same list, so
 * the parts are made once and shared.
 */
export class PeerLists {
  readonly #shape: Shape
  readonly #all: readonly Standing[]
  readonly #nodes: readonly NodeId[]
  readonly #positions: ReadonlyMap<NodeId, number>
  /** Every member as a peer that owns itself alone. */
  readonly #alone: ReadonlyMap<NodeId, Peering>
  readonly #bySite: ReadonlyMap<string, readonly Standing[]>
  readonly #byHome: ReadonlyMap<NodeId | undefined, readonly Standing[]>
  readonly #parts = new Map<string, readonly Peering[]>()

  constructor(shape: Shape, members: Iterable<Standing>) {
    this.#shape = shape
    this.#all = [...members].toSorted(byNode)
    this.#nodes = nodesOf(this.#all)
    this.#positions = new Map(this.#nodes.map((node, at) => [node, at]))
    this.#alone = new Map(this.#all.map(({ node }) => [node, { node, carries: [node] }]))
    this.#bySite = Map.groupBy(this.#all, ({ site }) => site)
    this.#byHome = Map.groupBy(this.#all, ({ home }) => home)
  }

  of(viewer: Standing): readonly Peering[] {
    switch (this.#shape) {
      case 'mesh':
        return this.#but(viewer, this.#everyone())
      case 'transit':
        return viewer.roles.relay ? this.#but(viewer, this.#everyone()) : this.#relays()
      case 'hub':
        return viewer.roles.hub ? this.#ofHub(viewer) : this.#ofSpoke(viewer)
      case 'sites':
        return viewer.roles.gateway ? this.#ofGateway(viewer) : this.#ofSiteMember(viewer)
    }
  }

  #ofHub({ node }: Standing): readonly Peering[] {
    const spokes = without(this.#alike(this.#byHome.get(node) ?? []), node)
    return [...spokes, ...without(this.#carriers(), node)].toSorted(byNode)
  }

  #ofSpoke(viewer: Standing): readonly Peering[] {
    return viewer.home === undefined ? [] : [{ node: viewer.home, carries: this.#but(viewer, this.#nodes) }]
  }

  #ofGateway({ node, site }: Standing): readonly Peering[] {
    return [
      ...without(this.#site(site), node),
      ...this.#part(`beyond ${site}`, () => this.#gatewaysBeyond(site)),
    ].toSorted(byNode)
  }

  #ofSiteMember({ node, site, home }: Standing): readonly Peering[] {
    const mates = without(this.#site(site), node)
    if (home === undefined) return mates
    const [exit] = this.#part(`exit ${home}`, () => [this.#exit(home, site)])
    return mates.map((mate) => (mate.node === home && exit ? exit : mate))
  }

  /** A gateway as the members of its site see it. */
  #exit(gateway: NodeId, site: string): Peering {
    const outside = this.#all.filter((member) => member.site !== site && member.home !== undefined)
    return { node: gateway, carries: [gateway, ...nodesOf(outside)].toSorted() }
  }

  #gatewaysBeyond(site: string): readonly Peering[] {
    const here = new Set(this.#bySite.get(site)?.map(({ node }) => node))
    return this.#carriers().filter(({ node }) => !here.has(node))
  }

  /** All hubs or gateways, each with the members that chose it. */
  #carriers(): readonly Peering[] {
    return this.#part('carriers', () =>
      this.#all
        .filter((member) => isCarrier(this.#shape, member))
        .map(({ node }) => ({ node, carries: nodesOf(this.#byHome.get(node) ?? []) })),
    )
  }

  /** A copy of a list of all members without this one. */
  #but<Item>({ node }: Standing, list: readonly Item[]): readonly Item[] {
    return list.toSpliced(this.#positions.get(node) ?? list.length, 1)
  }

  #everyone(): readonly Peering[] {
    return this.#part('everyone', () => this.#alike(this.#all))
  }

  #relays(): readonly Peering[] {
    return this.#part('relays', () => this.#alike(this.#all.filter(({ roles }) => roles.relay)))
  }

  #site(site: string): readonly Peering[] {
    return this.#part(`site ${site}`, () => this.#alike(this.#bySite.get(site) ?? []))
  }

  /** With `map`, because V8 copies what `flatMap` made thirty times slower. */
  #alike(members: readonly Standing[]): readonly Peering[] {
    return members.map(({ node }) => this.#alone.get(node) ?? { node, carries: [node] })
  }

  #part(name: string, make: () => readonly Peering[]): readonly Peering[] {
    const known = this.#parts.get(name) ?? make()
    this.#parts.set(name, known)
    return known
  }
}

/** A copy without the entry of `node`. */
function without(list: readonly Peering[], node: NodeId): readonly Peering[] {
  return list.filter((peering) => peering.node !== node)
}

function nodesOf(list: readonly { readonly node: NodeId }[]): readonly NodeId[] {
  return list.map(({ node }) => node)
}

function byNode(a: { readonly node: NodeId }, b: { readonly node: NodeId }): number {
  return a.node < b.node ? -1 : a.node > b.node ? 1 : 0
}
