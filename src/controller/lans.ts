import type { NodeId } from '../keys/identity.ts'
import type { NetworkId } from '../model/names.ts'
import type { State } from '../model/state.ts'
import { encodeFrame } from '../protocol/frames.ts'
import { LanIndex, lanEndpoints, lanPlacesOf } from '../topology/lan.ts'
import type { Presence } from './presence.ts'
import { factsOf, overlaysOf } from './surroundings.ts'

export interface LansTools {
  readonly state: () => State
  readonly presence: Presence
}

interface NetworkLans {
  readonly index: LanIndex
  /** What each viewer is told, until something about it changes. */
  readonly frames: Map<NodeId, Buffer | undefined>
}

/** Who shares a LAN with whom in each network. Private endpoints go to those on the same LAN, and to nobody else. */
export class Lans {
  readonly #tools: LansTools
  readonly #networks = new Map<NetworkId, NetworkLans>()

  constructor(tools: LansTools) {
    this.#tools = tools
  }

  /** Takes over where a member is now. Whether anybody has to be told. */
  update(network: NetworkId, node: NodeId): boolean {
    const { index, frames } = this.#of(network)
    const state = this.#tools.state()
    const isMember = state.networks.get(network)?.members.has(node)
    const places = !isMember
      ? []
      : lanPlacesOf(factsOf(state, this.#tools.presence, network, node), overlaysOf(state, node))
    if (samePlaces(places, index.placesOf(node))) return false
    const neighbours = index.put(node, places)
    for (const viewer of [node, ...neighbours]) frames.delete(viewer)
    return neighbours.size > 0
  }

  /** The network is gone. */
  forget(network: NetworkId): void {
    this.#networks.delete(network)
  }

  /** The frame for one viewer; undefined when it is on no LAN. */
  frameFor(network: NetworkId, viewer: NodeId): Buffer | undefined {
    const { index, frames } = this.#of(network)
    if (frames.has(viewer)) return frames.get(viewer)
    const own = index.placesOf(viewer)
    const hints = [...index.neighboursOf(viewer)].map((node) => ({
      node,
      endpoints: [...lanEndpoints(own, index.placesOf(node))],
    }))
    const frame = own.length > 0 ? Buffer.from(encodeFrame({ type: 'lan', network, hints })) : undefined
    frames.set(viewer, frame)
    return frame
  }

  #of(network: NetworkId): NetworkLans {
    const known = this.#networks.get(network)
    if (known) return known
    const fresh = { index: new LanIndex(), frames: new Map() }
    this.#networks.set(network, fresh)
    return fresh
  }
}

function samePlaces(a: readonly { readonly lan: string; readonly endpoint: string }[], b: typeof a): boolean {
  return (
    a.length === b.length &&
    a.every(({ lan, endpoint }, at) => lan === b[at]?.lan && endpoint === b[at]?.endpoint)
  )
}
