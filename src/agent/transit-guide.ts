import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { toWeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { AgentFrame, PeerReport } from '../protocol/frames.ts'
import { relayAddress } from '../topology/transit.ts'
import type { InterfaceName } from '../wireguard/device.ts'
import type { NetworkPlan } from '../wireguard/plan.ts'
import { startEcho } from './echo.ts'
import type { Underlay } from './facts.ts'
import { Gatekeeper } from './gateway.ts'
import type { Guide, Sightings } from './guide.ts'
import { ECHO_PORT, PROBE_PORT } from './relay-watch.ts'
import type { Replica } from './replica.ts'
import type { Surroundings } from './surroundings.ts'
import { type Transit, transitOf, transitPlan } from './transit.ts'

export interface TransitGuideTools {
  readonly surroundings: Surroundings
  readonly isReal: boolean
  readonly clock: Clock
  readonly log: Logger
  readonly underlay: () => Underlay
  /** UDP ports of the other networks of this node: packets for them come out of the transit. */
  readonly ports: () => readonly number[]
  readonly send: (frame: AgentFrame) => void
  /** The transit is another than before, so other networks may have other paths. */
  readonly onChange: () => void
}

/** Milliseconds between looks at where members come from, while there are any to be a witness of. */
const WITNESS_BEAT = 1_000
/** Sightings in one frame. */
const MOST_SEEN = 500

/** Leads the interface of the transit; on a relay it forwards, watches and echoes as well. */
export class TransitGuide implements Guide {
  readonly #replica: Replica
  readonly #tools: TransitGuideTools
  readonly #gate = new Gatekeeper()
  readonly #told = new Map<PublicKey, string>()
  #echo: AbortController | undefined
  #known = ''

  constructor(replica: Replica, tools: TransitGuideTools) {
    this.#replica = replica
    this.#tools = tools
  }

  plan(): NetworkPlan | undefined {
    return transitPlan(this.#replica, this.#tools.underlay(), this.#tools.surroundings.witnessed.keys())
  }

  /** The transit has no policy. */
  async prepare(): Promise<void> {}

  async applied(name: InterfaceName): Promise<void> {
    const transit = transitOf(this.#replica, this.#tools.underlay().families)
    if (!transit) return
    if (this.#tools.isReal) await this.#keepDuties(name, transit)
    const text = JSON.stringify(transit)
    if (text === this.#known) return
    this.#known = text
    this.#tools.surroundings.setTransit(transit)
    this.#tools.onChange()
  }

  /** Tells the controller where members come from, as soon as that is news. */
  look(sightings: Sightings): boolean {
    const news = [...this.#tools.surroundings.witnessed.values()].flatMap(({ network, node, publicKey }) => {
      const endpoint = sightings.get(publicKey)?.endpoint
      if (!endpoint || this.#told.get(publicKey) === endpoint) return []
      this.#told.set(publicKey, endpoint)
      return [{ network, node, endpoint: String(endpoint) }]
    })
    for (let at = 0; at < news.length; at += MOST_SEEN) {
      this.#tools.send({ type: 'witnessed', seen: news.slice(at, at + MOST_SEEN) })
    }
    return false
  }

  get nextLook(): number | undefined {
    return this.#tools.surroundings.witnessed.size > 0 && this.#tools.isReal ? WITNESS_BEAT : undefined
  }

  readonly relaysInUse: readonly NodeId[] = []

  describe(): Partial<PeerReport> {
    return { path: 'direct' }
  }

  moved(): void {
    // The next plan finds the relays that can be reached from here; which of them answer, their watch finds out.
  }

  async inspect(): Promise<readonly string[]> {
    return []
  }

  async leave(name: InterfaceName): Promise<void> {
    this.#echo?.abort()
    this.#tools.surroundings.setTransit(undefined)
    await this.#gate.open(name)
  }

  reconnected(): void {
    this.#told.clear()
  }

  /** Out of the transit come packets of members of this node, on a relay also those that it passes on; nothing else. */
  async #keepDuties(name: InterfaceName, transit: Transit): Promise<void> {
    const duties = transit.isRelay ? [PROBE_PORT, ECHO_PORT] : [PROBE_PORT]
    const udpPorts = [...duties, ...this.#tools.ports()].toSorted((a, b) => a - b)
    const input = { addresses: transit.addresses, udpPorts }
    try {
      await this.#gate.keep({ interface: name, forward: transit.isRelay, input })
    } catch (error) {
      if (transit.isRelay) throw error
      this.#tools.log.warn({ reason: toWeftError(error).message }, 'the transit has no firewall here')
    }
    if (transit.isRelay) await this.#answer(transit)
    else this.#echo?.abort()
  }

  async #answer({ prefix, ownSlot }: Transit): Promise<void> {
    if (this.#echo && !this.#echo.signal.aborted) return
    const echo = new AbortController()
    const address = relayAddress(prefix, { relay: ownSlot, node: ownSlot })
    await startEcho(address, ECHO_PORT, { clock: this.#tools.clock, signal: echo.signal })
    this.#echo = echo
  }
}
