import type { NodeId } from '../keys/identity.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import type { AgentFrameOf, PeerReport } from '../protocol/frames.ts'
import type { ObservedPeer } from '../wireguard/device.ts'
import type { Replica } from './replica.ts'

/** Peers in one frame: the controller takes 64 KiB at once, and a peer needs 160 bytes at most. */
const PEERS_IN_FRAME = 300

/** What a look at an interface found. */
export interface Findings {
  readonly peers: ReadonlyMap<PublicKey, ObservedPeer>
  /** What was put right, in words. */
  readonly drift: readonly string[]
  /** What is known of the path to a peer. */
  readonly describe: (node: NodeId) => Partial<PeerReport>
  /** Milliseconds since 1970. */
  readonly now: number
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: number
}

type Clocks = Pick<Findings, 'now' | 'monotonic'>

interface Shake {
  /** As the device says it. */
  readonly date: number
  readonly at: number
}

/** What is new about the peers of one network since the last report of this session. */
export class Reporter {
  readonly #network: NetworkId
  readonly #replica: Replica
  readonly #told = new Map<PublicKey, string>()
  /** The last handshakes, on the clock that never jumps. */
  #shaken: ReadonlyMap<PublicKey, Shake> = new Map()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(network: NetworkId, replica: Replica) {
    this.#network = network
    this.#replica = replica
  }

  /** A new session knows nothing of what the last one was told. */
  restart(): void {
    this.#told.clear()
  }

  /** The frames to send: none when nothing is new. */
  report({ peers, drift, describe, ...clocks }: Findings): AgentFrameOf<'report'>[] {
    this.#dateHandshakes(peers, clocks)
    const fresh = this.#replica.others().flatMap(({ node, publicKey }): PeerReport[] => {
      const peer = peers.get(publicKey)
      const path = describe(node)
      return peer && this.#isNews(peer, path)
        ? [{ node, ...countersOf(peer, this.#ageOf(peer, clocks)), ...path }]
        : []
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

  /** WireGuard dates handshakes by a clock that may jump: what is new since the last look cannot be older than that. */
  #dateHandshakes(peers: Findings['peers'], { now, monotonic }: Clocks): void {
    const shaken = [...peers.values()].map(({ publicKey, latestHandshake }) => {
      const known = this.#shaken.get(publicKey)
      if (known?.date === latestHandshake) return [publicKey, known] as const
      const age = Math.min(Math.max(0, now - latestHandshake * 1_000), monotonic - this.#lookedAt)
      return [publicKey, { date: latestHandshake, at: monotonic - age }] as const
    })
    this.#shaken = new Map(shaken)
    this.#lookedAt = monotonic
  }

  #ageOf({ publicKey }: ObservedPeer, { monotonic }: Clocks): number {
    return Math.round((monotonic - (this.#shaken.get(publicKey)?.at ?? monotonic)) / 1_000)
  }

  #isNews(peer: ObservedPeer, path: Partial<PeerReport>): boolean {
    const { publicKey, endpoint, latestHandshake, rxBytes, txBytes } = peer
    const text = JSON.stringify([endpoint, latestHandshake, rxBytes, txBytes, path])
    if (this.#told.get(publicKey) === text) return false
    this.#told.set(publicKey, text)
    return true
  }
}

function countersOf({ endpoint, latestHandshake, rxBytes, txBytes }: ObservedPeer, handshakeAge: number) {
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
