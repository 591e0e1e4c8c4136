import type { NodeId } from '../keys/identity.ts'
import type { NetworkId } from '../model/names.ts'
import type { State } from '../model/state.ts'
import { encodeFrame, type LanHint, lanDigest } from '../protocol/frames.ts'
import { LanIndex, lanEndpoints, lanPlacesOf } from '../topology/lan.ts'
import type { Presence } from './presence.ts'
import { factsOf, overlaysOf } from './surroundings.ts'

export interface LansTools {
  readonly state: () => State
  readonly presence: Presence
}

/** What one viewer is told of its LAN. */
export interface LanFrame {
  readonly bytes: Buffer
  /** By which an agent that comes back shows that it knows this. */
  readonly digest: string
}

interface NetworkLans {
  readonly index: LanIndex
  /** What each viewer is told, until something about it changes. */
  readonly frames: Map<NodeId, LanFrame | undefined>
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
    const isMember = this.#tools.state().networks.get(network)?.members.has(node)
    const places = isMember ? this.#placesOf(network, node) : []
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
  frameFor(network: NetworkId, viewer: NodeId): LanFrame | undefined {
    const { index, frames } = this.#of(network)
    if (frames.has(viewer)) return frames.get(viewer)
    const own = index.placesOf(viewer)
    // Sorted, so that the same neighbours give the same digest whoever came first.
    const hints = [...index.neighboursOf(viewer)].sort().map((node) => ({
      node,
      endpoints: [...lanEndpoints(own, index.placesOf(node))],
    }))
    const frame = own.length > 0 ? lanFrame(network, hints) : undefined
    frames.set(viewer, frame)
    return frame
  }

  #placesOf(network: NetworkId, node: NodeId) {
    const { state, presence } = this.#tools
    return lanPlacesOf(factsOf(state(), presence, network, node), overlaysOf(state(), node))
  }

  #of(network: NetworkId): NetworkLans {
    const known = this.#networks.get(network)
    if (known) return known
    const fresh = { index: new LanIndex(), frames: new Map() }
    this.#networks.set(network, fresh)
    const { state, presence } = this.#tools
    for (const node of state().networks.get(network)?.members.keys() ?? [])
      if (presence.get(node)) fresh.index.put(node, this.#placesOf(network, node))
    return fresh
  }
}

function lanFrame(network: NetworkId, hints: readonly LanHint[]): LanFrame {
  const bytes = Buffer.from(encodeFrame({ type: 'lan', network, hints: [...hints] }))
  return { bytes, digest: lanDigest(hints) }
}

function samePlaces(a: readonly { readonly lan: string; readonly endpoint: string }[], b: typeof a): boolean {
  return (
    a.length === b.length &&
    a.every(({ lan, endpoint }, at) => lan === b[at]?.lan && endpoint === b[at]?.endpoint)
  )
}
