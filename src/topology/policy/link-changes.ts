import type { NodeId } from '../../keys/identity.ts'
import { apply } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Network, Node, State } from '../../model/state.ts'
import { Audiences } from './audiences.ts'
import { linkageOf } from './linkage.ts'
import { Regime } from './regime.ts'

/** Two members that become peers of each other, or are peers no longer. */
export interface LinkEnds {
  readonly network: NetworkId
  /** The end with the lower id. */
  readonly a: NodeId
  readonly b: NodeId
}

export interface LinkList {
  /** All of them, however many are listed. */
  readonly count: number
  readonly links: readonly LinkEnds[]
}

/** Which links a change would make and end, in all networks. */
export interface LinkChanges {
  readonly appear: LinkList
  readonly disappear: LinkList
}

/** Links that are listed; the others are only counted. */
const MOST_LISTED = 1_000

/** What `events` would do to links if they happened now. Pure: a dry run of any change. */
export function linkChanges(state: State, events: readonly Event[]): LinkChanges {
  const after = events.reduce(apply, state)
  const changes = { appear: new Tally(), disappear: new Tally() }
  const ids = new Set([...state.networks.keys(), ...after.networks.keys()])
  for (const id of ids) {
    const [was, is] = [state.networks.get(id), after.networks.get(id)]
    if (was === is && !concerns(was, state, after)) continue
    if (isFlat(was) && isFlat(is)) compareClasses(sideOf(was, state), sideOf(is, after), id, changes)
    else compareMembers(sideOf(was, state), sideOf(is, after), id, changes)
  }
  return { appear: changes.appear.list(), disappear: changes.disappear.list() }
}

/** One network before or after; undefined: it is not there. */
interface Side {
  readonly network: Network | undefined
  readonly state: State
}

interface Tallies {
  readonly appear: Tally
  readonly disappear: Tally
}

class Tally {
  #count = 0
  readonly #links: LinkEnds[] = []

  get hasRoom(): boolean {
    return this.#links.length < MOST_LISTED
  }

  add(link: LinkEnds): void {
    this.#count += 1
    if (this.hasRoom) this.#links.push(link.a < link.b ? link : { ...link, a: link.b, b: link.a })
  }

  count(more: number): void {
    this.#count += more
  }

  list(): LinkList {
    return { count: this.#count, links: this.#links }
  }
}

/** Whether a node of the network is another one after, though the network is as it was. */
function concerns(network: Network | undefined, before: State, after: State): boolean {
  if (before.nodes === after.nodes || !network) return false
  return [...network.members.keys()].some((node) => before.nodes.get(node) !== after.nodes.get(node))
}

/** Whether links follow from classes alone. */
function isFlat(network: Network | undefined): boolean {
  return !network || network.topology === 'mesh' || network.topology === 'transit'
}

function sideOf(network: Network | undefined, state: State): Side {
  return { network, state }
}

/** Members that were of one class and are of one class now. */
interface Kind {
  readonly members: readonly NodeId[]
  readonly hasChanged: boolean
}

/** Members of one kind fare alike: so kinds are compared, and members only listed. */
function compareClasses(before: Side, after: Side, network: NetworkId, tallies: Tallies): void {
  const [was, is] = [audiencesOf(before), audiencesOf(after)]
  const kinds = kindsOf(before, after, was, is)
  for (const [at, kind] of kinds.entries()) {
    if (!kind.hasChanged) break
    for (const other of kinds.slice(at)) {
      const [a, b] = [kind.members[0], other.members[0]]
      if (a === undefined || b === undefined) continue
      const [had, has] = [was?.sees(a, b) ?? false, is?.sees(a, b) ?? false]
      if (had !== has) addPairs(kind, other, network, has ? tallies.appear : tallies.disappear)
    }
  }
}

/** Those that have changed first, so that the others need not be compared with each other. */
function kindsOf(before: Side, after: Side, was: Audiences | undefined, is: Audiences | undefined): Kind[] {
  const hasNewPolicy = before.network?.policy !== after.network?.policy
  const nodes = new Set([...membersOf(before), ...membersOf(after)].map(({ id }) => id))
  const keys = (node: NodeId) => [was?.of(node)?.key, is?.of(node)?.key] as const
  const groups = [...Map.groupBy(nodes, (node) => JSON.stringify(keys(node))).values()]
  const kinds = groups.map((members): Kind => {
    const [had, has] = members.slice(0, 1).flatMap(keys)
    return { members, hasChanged: hasNewPolicy || had !== has }
  })
  return kinds.toSorted((a, b) => Number(b.hasChanged) - Number(a.hasChanged))
}

function addPairs(kind: Kind, other: Kind, network: NetworkId, tally: Tally): void {
  for (const [at, a] of kind.members.entries()) {
    const ends = kind === other ? kind.members.slice(at + 1) : other.members
    if (tally.hasRoom) for (const b of ends) tally.add({ network, a, b })
    else tally.count(ends.length)
  }
}

/** Where others carry packets, the peers of each member are compared. */
function compareMembers(before: Side, after: Side, network: NetworkId, tallies: Tallies): void {
  const [was, is] = [linkageIn(before), linkageIn(after)]
  const nodes = new Set([...membersOf(before), ...membersOf(after)].map(({ id }) => id))
  for (const a of nodes) {
    const [had, has] = [new Set(was?.seenBy(a)), new Set(is?.seenBy(a))]
    for (const b of has) if (a < b && !had.has(b)) tallies.appear.add({ network, a, b })
    for (const b of had) if (a < b && !has.has(b)) tallies.disappear.add({ network, a, b })
  }
}

function audiencesOf(side: Side): Audiences | undefined {
  return side.network && new Audiences(new Regime(side.network), membersOf(side))
}

function linkageIn({ network, state }: Side) {
  return network && linkageOf(network, state)
}

function membersOf({ network, state }: Side): Node[] {
  const ids = [...(network?.members.keys() ?? [])]
  return ids.map((id) => state.nodes.get(id)).filter((node) => node !== undefined)
}
