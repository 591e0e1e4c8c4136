import type { NodeId } from '../keys/identity.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import { reportsDigest, reportText } from '../protocol/comparison.ts'
import type { AgentFrameOf, PeerReport } from '../protocol/frames.ts'
import type { ObservedPeer } from '../wireguard/device.ts'
import type { Replica } from './replica.ts'

/** Peers in one frame: the controller takes 64 KiB at once, and a peer needs 160 bytes at most. */
const PEERS_IN_FRAME = 300

/** What a look at an interface found. */
export interface Finding {
  readonly peers: ReadonlyMap<PublicKey, ObservedPeer>
  /** What was put right, in words. */
  readonly drift: readonly string[]
  /** What is known of the path to a peer. */
  readonly describe: (node: NodeId) => Partial<PeerReport>
}

interface Clocks {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: number
}

interface Shake {
  /** As the device says it. */
  readonly date: number
  readonly at: number
}

/** What is new about the peers of one network since the last report of this session. */
export class Reporter {
  readonly #network: NetworkId
  readonly #replica: Replica
  /** Of each peer the last report, and of when its handshake was. */
  readonly #told = new Map<NodeId, { readonly text: string; readonly shaken: number }>()
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

  /** Of all that was reported of those who are members still. */
  get digest(): string {
    return reportsDigest(Array.from(this.#told.values(), ({ text }) => text))
  }

  /** The frames to send: none when nothing is new. */
  report({ peers, drift, describe }: Finding, clocks: Clocks): AgentFrameOf<'report'>[] {
    this.#dateHandshakes(peers, clocks)
    this.#forgetOthers()
    const fresh = this.#replica.others().flatMap(({ node, publicKey }): PeerReport[] => {
      const peer = peers.get(publicKey)
      if (!peer) return []
      const report = { node, ...countersOf(peer, this.#ageOf(peer, clocks)), ...describe(node) }
      return this.#isNews(report, peer.latestHandshake) ? [report] : []
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
  #dateHandshakes(peers: Finding['peers'], { now, monotonic }: Clocks): void {
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

  #isNews(report: PeerReport, shaken: number): boolean {
    const node = report.node as NodeId
    const text = reportText(report)
    const known = this.#told.get(node)
    if (known?.text === text && known.shaken === shaken) return false
    this.#told.set(node, { text, shaken })
    return true
  }

  #forgetOthers(): void {
    for (const node of this.#told.keys()) if (!this.#replica.recordOf(node)) this.#told.delete(node)
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
