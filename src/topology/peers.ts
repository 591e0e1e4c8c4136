import type { NodeId } from '../keys/identity.ts'
import { type Carrier, homeOf } from './carrier.ts'
import { hashOf } from './hash.ts'
import { type Peering, PeerLists } from './peerlists.ts'
import { isCarrier, ownerOf, type Place, regionOf, type Shape, type Standing, whyApart } from './standing.ts'

/** How a change moved one member; undefined: it was not there before, or is not any more. */
export interface Move {
  readonly before: Standing | undefined
  readonly after: Standing | undefined
}

/** The members whose standing a change touched: the one that changed, and those that got another home by it. */
export type Moves = ReadonlyMap<NodeId, Move>

/** What a change means to one peer of a viewer; the peer itself is among `gained` when it is new, `lost` when it goes. */
export interface PeeringChange {
  readonly node: NodeId
  readonly gained: readonly NodeId[]
  readonly lost: readonly NodeId[]
}

/** The members that carry packets from one to another, in order; none: the two are peers. */
export type Way =
  | { readonly hops: readonly NodeId[]; readonly reason: undefined }
  | { readonly hops: undefined; readonly reason: string }

/** Who is whose peer in one network. The order in which members came makes no difference to any answer. */
export class PeerIndex {
  readonly #shape: Shape
  readonly #standings = new Map<NodeId, Standing>()
  /** Hubs or gateways by region, and the members that choose among them. */
  readonly #carriers = new Map<string, Map<NodeId, Carrier>>()
  readonly #choosers = new Map<string, Set<NodeId>>()
  #lists: PeerLists | undefined

  constructor(shape: Shape, members: Iterable<Place> = []) {
    this.#shape = shape
    // Carriers first: then nobody has to choose twice.
    const places = [...members]
    for (const place of places) if (isCarrier(shape, place)) this.put(place)
    for (const place of places) if (!isCarrier(shape, place)) this.put(place)
  }

  /** Takes a member in, or its new roles or site. */
  put(place: Place): Moves {
    const moves = new Map<NodeId, Move>()
    const before = this.#standings.get(place.node)
    if (before && this.#isAlike(before, place))
      this.#settle(place.node, { ...place, home: before.home }, moves)
    else {
      if (before) this.#leave(before, moves)
      this.#enter(place, moves)
    }
    return moves
  }

  /** Takes a member out; one that is not there moves nobody. */
  remove(node: NodeId): Moves {
    const moves = new Map<NodeId, Move>()
    const before = this.#standings.get(node)
    if (before) this.#leave(before, moves)
    return moves
  }

  /** All peers of a member and what each owns, sorted by node; empty for a stranger. */
  peersOf(viewer: NodeId): readonly Peering[] {
    const standing = this.#standings.get(viewer)
    this.#lists ??= new PeerLists(this.#shape, this.#standings.values())
    return standing ? this.#lists.of(standing) : []
  }

  /** What `moves`, the answer to the last change, mean to one member; a newcomer gains all it has. */
  changesFor(viewer: NodeId, moves: Moves): readonly PeeringChange[] {
    const after = this.#standings.get(viewer)
    if (!after) return []
    const own = moves.get(viewer)
    const before = own ? own.before : after
    const changes = new Map<NodeId, { node: NodeId; gained: NodeId[]; lost: NodeId[] }>()
    const changeOf = (node: NodeId) => changes.get(node) ?? { node, gained: [], lost: [] }
    for (const target of own ? new Set([...this.#standings.keys(), ...moves.keys()]) : moves.keys()) {
      if (target === viewer) continue
      const move = moves.get(target) ?? still(this.#standings.get(target))
      const lost = before && move.before && ownerOf(this.#shape, before, move.before)
      const gained = move.after && ownerOf(this.#shape, after, move.after)
      if (lost === gained) continue
      if (lost) changes.set(lost, add(changeOf(lost), 'lost', target))
      if (gained) changes.set(gained, add(changeOf(gained), 'gained', target))
    }
    return [...changes.values()]
  }

  /** How packets get from one member to another, or why they do not. @param call what to call a node in the reason */
  wayTo(from: NodeId, to: NodeId, call: (node: NodeId) => string): Way {
    const target = this.#standings.get(to)
    const hops: NodeId[] = []
    for (let at = this.#standings.get(from); at && target; ) {
      const next = ownerOf(this.#shape, at, target)
      if (next === undefined) return { hops: undefined, reason: whyApart(this.#shape, at, target, call) }
      if (next === to) return { hops, reason: undefined }
      hops.push(next)
      at = this.#standings.get(next)
    }
    return { hops: undefined, reason: `${call(target ? from : to)} is no member of the network.` }
  }

  /** Whether a member with a new place needs no new home, nor anybody because of it. */
  #isAlike(before: Place, after: Place): boolean {
    const shape = this.#shape
    return (
      isCarrier(shape, before) === isCarrier(shape, after) &&
      regionOf(shape, before) === regionOf(shape, after)
    )
  }

  #enter(place: Place, moves: Map<NodeId, Move>): void {
    const { node } = place
    const region = regionOf(this.#shape, place)
    if (!isCarrier(this.#shape, place)) {
      group(this.#choosers, region, () => new Set()).add(node)
      this.#settle(node, { ...place, home: homeOf(node, this.#carriersOf(region)) }, moves)
      return
    }
    const carriers = group(this.#carriers, region, () => new Map())
    const carrier = { node, hash: hashOf(node) }
    carriers.set(node, carrier)
    this.#settle(node, { ...place, home: node }, moves)
    for (const standing of this.#standingsOf(this.#choosers.get(region))) {
      const home = standing.home && carriers.get(standing.home)
      this.#rehome(standing, home ? [home, carrier] : [carrier], moves)
    }
  }

  #leave(gone: Standing, moves: Map<NodeId, Move>): void {
    const region = regionOf(this.#shape, gone)
    this.#settle(gone.node, undefined, moves)
    if (!isCarrier(this.#shape, gone)) {
      ungroup(this.#choosers, region, gone.node)
      return
    }
    ungroup(this.#carriers, region, gone.node)
    for (const standing of this.#standingsOf(this.#choosers.get(region)))
      if (standing.home === gone.node) this.#rehome(standing, this.#carriersOf(region), moves)
  }

  #rehome(standing: Standing, carriers: Iterable<Carrier>, moves: Map<NodeId, Move>): void {
    const home = homeOf(standing.node, carriers)
    if (home !== standing.home) this.#settle(standing.node, { ...standing, home }, moves)
  }

  #standingsOf(nodes: Iterable<NodeId> = []): readonly Standing[] {
    return [...nodes].flatMap((node) => this.#standings.get(node) ?? [])
  }

  #carriersOf(region: string): Iterable<Carrier> {
    return this.#carriers.get(region)?.values() ?? []
  }

  /** Writes down where a member stands now; undefined: it is gone. */
  #settle(node: NodeId, after: Standing | undefined, moves: Map<NodeId, Move>): void {
    const known = moves.get(node)
    moves.set(node, { before: known ? known.before : this.#standings.get(node), after })
    if (after) this.#standings.set(node, after)
    else this.#standings.delete(node)
    this.#lists = undefined
  }
}

function still(standing: Standing | undefined): Move {
  return { before: standing, after: standing }
}

function add<Change extends { gained: NodeId[]; lost: NodeId[] }>(
  change: Change,
  side: 'gained' | 'lost',
  node: NodeId,
): Change {
  change[side].push(node)
  return change
}

function group<Group>(groups: Map<string, Group>, name: string, make: () => Group): Group {
  const known = groups.get(name) ?? make()
  groups.set(name, known)
  return known
}

/** An empty group leaves no trace. */
function ungroup(
  groups: Map<string, { delete(node: NodeId): boolean; readonly size: number }>,
  name: string,
  node: NodeId,
): void {
  const members = groups.get(name)
  members?.delete(node)
  if (members?.size === 0) groups.delete(name)
}
