import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import {
  type ControllerFrameOf,
  encodeFrame,
  type Hint,
  type LanHint,
  lanDigest,
} from '../../protocol/frames.ts'
import { LanIndex, lanEndpoints, lanPlacesOf } from '../../topology/lan.ts'
import type { Presence } from './presence.ts'
import { factsOf, overlaysOf } from './surroundings.ts'

export interface LansTools {
  readonly state: () => State
  readonly presence: Presence
  /** Whether two members of a network may know of each other. */
  readonly sees: (network: NetworkId, a: NodeId, b: NodeId) => boolean
  /** What decides on that: those of the same class see the same and are seen alike, as long as the policy stands. */
  readonly classOf: (network: NetworkId, node: NodeId) => string
  /** How a member can be reached itself, where it does not hear that with all others. */
  readonly own: (network: NetworkId, node: NodeId) => Hint | undefined
}

/** What one viewer alone is told of where members are. */
export interface LanFrame {
  readonly bytes: Buffer
  /** By which an agent that comes back shows that it knows this. */
  readonly digest: string
}

interface NetworkLans {
  readonly index: LanIndex
  readonly classes: Map<NodeId, string>
  /** What each viewer is told, until something about it changes. */
  readonly frames: Map<NodeId, LanFrame | undefined>
}

/**
 * Who shares a LAN with whom in each network. Private endpoints go to those on the same LAN that may know of each other, and
 * to nobody else.
 */
export class Lans {
  readonly #tools: LansTools
  readonly #networks = new Map<NetworkId, NetworkLans>()

  constructor(tools: LansTools) {
    this.#tools = tools
  }

  /** Takes over where a member is now, and of which class. Gives who has to be told. */
  update(network: NetworkId, node: NodeId): readonly NodeId[] {
    const known = this.#networks.get(network)
    // Nobody was told anything of it, and who asks will have all.
    if (!known) return []
    const { index, classes, frames } = known
    const isMember = this.#tools.state().networks.get(network)?.members.has(node)
    const places = isMember ? this.#placesOf(network, node) : []
    const name = this.#tools.classOf(network, node)
    if (name === classes.get(node) && samePlaces(places, index.placesOf(node))) return []
    if (isMember) classes.set(node, name)
    else classes.delete(node)
    const neighbours = index.put(node, places)
    const touched = [node, ...neighbours]
    for (const viewer of touched) frames.delete(viewer)
    return neighbours.size > 0 ? touched : []
  }

  /** There is another policy: who may know of whom is another, for all. */
  renew(network: NetworkId): void {
    const known = this.#networks.get(network)
    if (!known) return
    known.frames.clear()
    for (const node of known.classes.keys()) known.classes.set(node, this.#tools.classOf(network, node))
  }

  /** A member can be reached in another way. */
  renewOwn(network: NetworkId, node: NodeId): void {
    this.#networks.get(network)?.frames.delete(node)
  }

  /** The network is gone. */
  forget(network: NetworkId): void {
    this.#networks.delete(network)
  }

  /** The frame for one viewer; undefined when nobody else is on its LAN and it hears of itself with all others. */
  frameFor(network: NetworkId, viewer: NodeId): LanFrame | undefined {
    const { index, frames } = this.#of(network)
    if (frames.has(viewer)) return frames.get(viewer)
    const own = index.placesOf(viewer)
    // Sorted, so that the same neighbours give the same digest whoever came first.
    const seen = [...index.neighboursOf(viewer)].filter((node) => this.#tools.sees(network, viewer, node))
    const hints = seen.sort().map((node) => ({
      node,
      endpoints: [...lanEndpoints(own, index.placesOf(node))],
    }))
    const itself = this.#tools.own(network, viewer)
    const frame = hints.length > 0 || itself ? lanFrame(network, hints, itself) : undefined
    frames.set(viewer, frame)
    return frame
  }

  #placesOf(network: NetworkId, node: NodeId) {
    const { state, presence } = this.#tools
    if (!presence.get(node)) return []
    return lanPlacesOf(factsOf(state(), presence, network, node), overlaysOf(state(), node))
  }

  #of(network: NetworkId): NetworkLans {
    const known = this.#networks.get(network)
    if (known) return known
    const fresh: NetworkLans = { index: new LanIndex(), classes: new Map(), frames: new Map() }
    this.#networks.set(network, fresh)
    for (const node of this.#tools.state().networks.get(network)?.members.keys() ?? []) {
      fresh.index.put(node, this.#placesOf(network, node))
      fresh.classes.set(node, this.#tools.classOf(network, node))
    }
    return fresh
  }
}

function lanFrame(network: NetworkId, hints: LanHint[], own: Hint | undefined): LanFrame {
  const frame: ControllerFrameOf<'lan'> = { type: 'lan', network, hints, ...(own && { own }) }
  return { bytes: Buffer.from(encodeFrame(frame)), digest: lanDigest(frame) }
}

/** Tells who was told something of its LAN that there is nothing of it any more. */
export function noLan(network: NetworkId): Buffer {
  return lanFrame(network, [], undefined).bytes
}

function samePlaces(a: readonly { readonly lan: string; readonly endpoint: string }[], b: typeof a): boolean {
  return (
    a.length === b.length &&
    a.every(({ lan, endpoint }, at) => lan === b[at]?.lan && endpoint === b[at]?.endpoint)
  )
}
