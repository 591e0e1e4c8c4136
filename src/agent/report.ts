import type { PublicKey } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import type { AgentFrameOf, PeerReport } from '../protocol/frames.ts'
import type { ObservedPeer } from '../wireguard/device.ts'
import type { Replica } from './replica.ts'

/** Peers in one frame: the controller takes 64 KiB at once, and a peer needs 160 bytes at most. */
const PEERS_IN_FRAME = 300

/** What is new about the peers of one network since the last report of this session. */
export class Reporter {
  readonly #network: NetworkId
  readonly #replica: Replica
  readonly #told = new Map<PublicKey, ObservedPeer>()

  constructor(network: NetworkId, replica: Replica) {
    this.#network = network
    this.#replica = replica
  }

  /** A new session knows nothing of what the last one was told. */
  restart(): void {
    this.#told.clear()
  }

  /** The frames to send: none when nothing is new. @param now milliseconds since 1970 */
  report(
    peers: ReadonlyMap<PublicKey, ObservedPeer>,
    drift: readonly string[],
    now: number,
  ): AgentFrameOf<'report'>[] {
    const fresh = this.#replica.others().flatMap(({ node, publicKey }): PeerReport[] => {
      const peer = peers.get(publicKey)
      return peer && this.#isNews(peer) ? [{ node, ...describe(peer, now) }] : []
    })
    const parts = chunks(fresh, PEERS_IN_FRAME)
    if (parts.length === 0 && drift.length > 0) parts.push([])
    return parts.map((part, at) => ({
      type: 'report',
      network: this.#network,
      peers: part,
      drift: at === 0 ? drift.slice(0, 100) : [],
    }))
  }

  #isNews(peer: ObservedPeer): boolean {
    const told = this.#told.get(peer.publicKey)
    this.#told.set(peer.publicKey, peer)
    return (
      told?.endpoint !== peer.endpoint ||
      told?.latestHandshake !== peer.latestHandshake ||
      told?.rxBytes !== peer.rxBytes ||
      told?.txBytes !== peer.txBytes
    )
  }
}

function describe({ endpoint, latestHandshake, rxBytes, txBytes }: ObservedPeer, now: number) {
  const handshakeAge = Math.max(0, Math.round(now / 1_000 - latestHandshake))
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(latestHandshake > 0 && { handshakeAge }),
    rxBytes,
    txBytes,
  }
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  )
}
