import type { Clock } from '../clock.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Random } from '../keys/random.ts'
import { type Health, Prober } from './probe.ts'
import type { Surroundings } from './surroundings.ts'

/** UDP port on which relays answer probes inside the transit. */
export const ECHO_PORT = 51_819
/** UDP port from which probes are sent, and to which the firewall of the transit lets their answers in. */
export const PROBE_PORT = 51_818

export interface RelayWatchTools {
  readonly clock: Clock
  readonly random: Random
  readonly surroundings: Surroundings
  /** The surroundings are others than before. */
  readonly onChange: () => void
}

/** Whether relays answer, and how fast: kept in the surroundings, told when it changes. */
export class RelayWatch {
  readonly #tools: RelayWatchTools
  readonly #health = new Map<NodeId, Health>()
  readonly #prober: Prober

  constructor(tools: RelayWatchTools) {
    this.#tools = tools
    const { clock, random } = tools
    const onChange = (node: NodeId, health: Health) => this.#heard(node, health)
    this.#prober = new Prober({ port: ECHO_PORT, ownPort: PROBE_PORT, clock, random, onChange })
  }

  /** Watches the relays of the transit as it is now: closely those that links depend on, the others now and then. */
  follow(inUse: ReadonlySet<NodeId>): void {
    const relays = this.#tools.surroundings.transit?.relays ?? []
    this.#prober.watch(relays.map(({ node, address }) => ({ node, address, isClose: inUse.has(node) })))
  }

  /** Asks all relays at once, so that they see where this machine is now. */
  hurry(): void {
    this.#prober.hurry()
  }

  stop(): void {
    this.#prober.close()
  }

  #heard(node: NodeId, health: Health): void {
    const { surroundings, onChange } = this.#tools
    const before = surroundings.relays
    this.#health.set(node, health)
    surroundings.setHealth(this.#health)
    if (surroundings.relays !== before) onChange()
  }
}
