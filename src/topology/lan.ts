import { type Address, type Cidr, familyOf, prefixLengthOf, toBlock } from '../address/cidr.ts'
import { widthOf } from '../address/number.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { MAX_ENDPOINTS, type NodeFacts, outsideViews } from './distil.ts'
import { hostOf, isPort, toEndpoint } from './endpoint.ts'
import { type Host, hostsOf } from './hosts.ts'
import { scopeOf } from './scope.ts'

/** A private endpoint, and the LAN in which it means something. */
export interface LanPlace {
  /** Two members with the same text here are on the same LAN, as far as anybody can tell. */
  readonly lan: string
  readonly address: Address
  readonly endpoint: Endpoint
}

/**
 * The LANs a member is in. A LAN is a private subnet together with what tells it from the many others of the same
 * numbers: the outside address that witnesses or the controller see, or the site that the operator named. Never what the
 * node says of itself alone, so nobody gets into a LAN by claiming its addresses. Two LANs of the same numbers behind one
 * carrier's translation look alike: that costs a handshake which nobody answers.
 */
export function lanPlacesOf(facts: NodeFacts, overlays: readonly Cidr[]): readonly LanPlace[] {
  const { port } = facts
  if (!isPort(port)) return []
  const marks = marksOf(facts, overlays)
  const hosts = hostsOf(facts.addresses, overlays).filter(isOnLan)
  const firsts = new Set(hosts.filter(isFirst))
  return [...hosts.filter((host) => !firsts.has(host)), ...firsts].flatMap(({ address, subnet }) => {
    const all = address === facts.seenFrom ? [...marks, 'of the controller'] : marks
    return all.map((mark) => ({
      lan: `${subnet} ${mark}`,
      address,
      endpoint: toEndpoint({ address, port }),
    }))
  })
}

/**
 * Where `viewer` may try `other` on a LAN they share, best first; empty both ways or neither. An address that both have
 * is of a bridge inside each (those of containers are alike everywhere) and leads nowhere.
 */
export function lanEndpoints(viewer: readonly LanPlace[], other: readonly LanPlace[]): readonly Endpoint[] {
  const lans = new Set(without(viewer, other).map(({ lan }) => lan))
  const shared = without(other, viewer).filter(({ lan }) => lans.has(lan))
  return [...new Set(shared.map(({ endpoint }) => endpoint))].slice(0, MAX_ENDPOINTS)
}

/** As many as a frame can hold. */
const MOST_TOLD = 16

/**
 * Where anybody on `lans` may be told that `other` is, whatever addresses it has itself: more than are worth a trial, for
 * those of its bridges can come first, and only who is told knows which these are. `worthTrying` makes the choice.
 */
export function endpointsOn(lans: ReadonlySet<string>, other: readonly LanPlace[]): readonly Endpoint[] {
  const shared = other.filter(({ lan }) => lans.has(lan))
  return [...new Set(shared.map(({ endpoint }) => endpoint))].slice(0, MOST_TOLD)
}

/** What a member tries of what `endpointsOn` told it: not the addresses it has itself, which lead back to its own bridges. */
export function worthTrying(told: readonly Endpoint[], own: ReadonlySet<string>): readonly Endpoint[] {
  return told.filter((endpoint) => !own.has(hostOf(endpoint))).slice(0, MAX_ENDPOINTS)
}

function without(places: readonly LanPlace[], others: readonly LanPlace[]): readonly LanPlace[] {
  const taken = new Set(others.map(({ address }) => address))
  return places.filter(({ address }) => !taken.has(address))
}

/** Who shares a LAN with whom, so that a change of one member asks only for its neighbours. */
export class LanIndex {
  readonly #places = new Map<NodeId, readonly LanPlace[]>()
  readonly #members = new Map<string, Set<NodeId>>()

  /** Takes over where a member is now; nowhere takes it out. Returns all that were or are its neighbours. */
  put(node: NodeId, places: readonly LanPlace[]): ReadonlySet<NodeId> {
    const before = this.neighboursOf(node)
    for (const { lan } of this.#places.get(node) ?? []) this.#leave(lan, node)
    this.#places.delete(node)
    if (places.length > 0) this.#places.set(node, places)
    for (const { lan } of places) this.#members.set(lan, (this.#members.get(lan) ?? new Set()).add(node))
    return new Set([...before, ...this.neighboursOf(node)])
  }

  /** All that are on one of these LANs. */
  membersOf(lans: Iterable<string>): Set<NodeId> {
    const members = new Set<NodeId>()
    for (const lan of lans) for (const node of this.#members.get(lan) ?? []) members.add(node)
    return members
  }

  neighboursOf(node: NodeId): Set<NodeId> {
    const neighbours = this.membersOf((this.#places.get(node) ?? []).map(({ lan }) => lan))
    neighbours.delete(node)
    return neighbours
  }

  #leave(lan: string, node: NodeId): void {
    const members = this.#members.get(lan)
    members?.delete(node)
    if (members?.size === 0) this.#members.delete(lan)
  }
}

/** A prefix so short that the subnet is not all private is absurd; one of full length says nothing of neighbours. */
function isOnLan({ address, subnet, scope }: Host): boolean {
  return (
    scope === 'private' &&
    scopeOf(subnet) === 'private' &&
    prefixLengthOf(subnet) < widthOf(familyOf(address))
  )
}

/** Whether it is the first address of its subnet, as bridges for containers have it: those come last where not all are told. */
function isFirst({ address, subnet }: Host): boolean {
  return toBlock(address).first === toBlock(subnet).first + 1n
}

/** What may tell this member's LAN from others. */
function marksOf(facts: NodeFacts, overlays: readonly Cidr[]): readonly string[] {
  const seen = facts.seenFrom && familyOf(facts.seenFrom) === 4 && scopeOf(facts.seenFrom) === 'global'
  const outside = outsideViews(facts, overlays).map(({ address }) => address)
  const addresses = new Set(seen && facts.seenFrom ? [...outside, facts.seenFrom] : outside)
  const marks = [...addresses].toSorted().map((address) => `behind ${address}`)
  return facts.site === '' ? marks : [...marks, `at site ${facts.site}`]
}
