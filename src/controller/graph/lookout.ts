import type { NodeId } from '../../keys/identity.ts'
import type { Network, State } from '../../model/state.ts'
import type { PathContext } from '../../topology/candidates.ts'
import { type LanPlace, lanEndpoints, lanPlacesOf } from '../../topology/lan.ts'
import { PeerIndex, type Way } from '../../topology/peers.ts'
import { placeOf } from '../../topology/policy/linkage.ts'
import { type Class, NOBODY, Regime } from '../../topology/policy/regime.ts'
import type { Reach } from '../../topology/reach.ts'
import type { Presence } from '../presence/presence.ts'
import {
  factsOf,
  memberReach,
  overlaysOf,
  relaysSeenBy,
  transitOf,
  troublesOf,
} from '../presence/surroundings.ts'

export interface Observations {
  readonly state: State
  readonly presence: Presence
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What is known of the members of one network at one moment, each worked out once: a picture asks for every pair. */
export class Lookout {
  readonly network: Network
  readonly seen: Observations
  /** Who may see whom. */
  readonly regime: Regime
  readonly #classes = new Map<NodeId, Class>()
  readonly #reaches = new Map<NodeId, Reach>()
  readonly #places = new Map<NodeId, readonly LanPlace[]>()
  readonly #troubles = new Map<NodeId, readonly string[]>()
  readonly #around = new Map<NodeId, Pick<PathContext, 'relays' | 'transitPrefix'>>()

  #index: PeerIndex | undefined

  constructor(network: Network, seen: Observations) {
    this.network = network
    this.seen = seen
    this.regime = new Regime(network)
  }

  /** Whether both are members that may know of each other. */
  isPair(a: NodeId, b: NodeId): boolean {
    const { members } = this.network
    return members.has(a) && members.has(b) && this.regime.sees(this.classOf(a), this.classOf(b))
  }

  classOf(node: NodeId): Class {
    const known = this.seen.state.nodes.get(node)
    return known ? remembered(this.#classes, node, () => this.regime.classOf(known)) : NOBODY
  }

  reach(node: NodeId): Reach {
    const { state, presence } = this.seen
    return remembered(this.#reaches, node, () => memberReach(state, presence, this.network.id, node))
  }

  nameOf(node: NodeId): string {
    return this.seen.state.nodes.get(node)?.name ?? node
  }

  /** How packets get from one member to another. */
  way(from: NodeId, to: NodeId): Way {
    const { nodes } = this.seen.state
    if (this.network.topology === 'mesh') return STRAIGHT
    const members = [...this.network.members.keys()].flatMap((id) => nodes.get(id) ?? [])
    this.#index ??= new PeerIndex(this.network.topology, members.map(placeOf))
    return this.#index.wayTo(from, to, (node) => this.nameOf(node))
  }

  /** What is wrong with a member, in sentences. */
  troubles(node: NodeId): readonly string[] {
    return remembered(this.#troubles, node, () => troublesOf(this.seen, this.network.id, node))
  }

  /** The relays as a member sees them. */
  around(node: NodeId): Pick<PathContext, 'relays' | 'transitPrefix'> {
    const { state, presence } = this.seen
    return remembered(this.#around, node, () => ({
      relays: relaysSeenBy(state, presence, node),
      transitPrefix: transitOf(state)?.ipv6,
    }))
  }

  /** Where `own` may try `other` on a LAN they share. */
  lan(own: NodeId, other: NodeId) {
    return lanEndpoints(this.#placesOf(own), this.#placesOf(other))
  }

  #placesOf(node: NodeId): readonly LanPlace[] {
    const { state, presence } = this.seen
    return remembered(this.#places, node, () =>
      lanPlacesOf(factsOf(state, presence, this.network.id, node), overlaysOf(state, node)),
    )
  }
}

/** Everybody is a peer of everybody. */
const STRAIGHT: Way = Object.freeze({ hops: [], reason: undefined })

function remembered<Value>(known: Map<NodeId, Value>, node: NodeId, find: () => Value): Value {
  const have = known.get(node)
  if (have !== undefined) return have
  const value = find()
  known.set(node, value)
  return value
}
