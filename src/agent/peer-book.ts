import type { NodeId } from '../keys/identity.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { PeerNews, PlannedPeer } from '../wireguard/plan.ts'

/** The planned peers of one network, and what is new of them since a plan was last carried out. */
export class PeerBook {
  readonly #planned = new Map<NodeId, PlannedPeer>()
  readonly #owners = new Map<PublicKey, NodeId>()
  #news: Map<PublicKey, PlannedPeer | undefined> | undefined

  peers(): Iterable<PlannedPeer> {
    return this.#planned.values()
  }

  /** Undefined: anything may be new. */
  get news(): PeerNews | undefined {
    return this.#news
  }

  /** Begins anew: what is put in now is all there is. */
  clear(): void {
    this.#planned.clear()
    this.#owners.clear()
    this.#news = undefined
  }

  /** @param peer undefined: the node is no peer any more */
  put(node: NodeId, peer: PlannedPeer | undefined): void {
    const before = this.#planned.get(node)
    if (before === peer) return
    if (before && before.publicKey !== peer?.publicKey) this.#give(before.publicKey, node, undefined)
    if (peer) this.#planned.set(node, peer)
    else this.#planned.delete(node)
    if (peer) this.#give(peer.publicKey, node, peer)
  }

  /** The interface is as planned. */
  settle(): void {
    this.#news = new Map()
  }

  /** Two nodes with one key are for the whole plan to find and to refuse. */
  #give(publicKey: PublicKey, node: NodeId, peer: PlannedPeer | undefined): void {
    const owner = this.#owners.get(publicKey)
    if (owner !== undefined && owner !== node) this.#news = undefined
    if (peer) this.#owners.set(publicKey, node)
    else this.#owners.delete(publicKey)
    this.#news?.set(publicKey, peer)
  }
}
