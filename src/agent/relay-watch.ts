import type { NodeId } from '../keys/identity.ts'
import { type ProbedRelay, Prober } from './probe.ts'
import type { RelayHealth, Surroundings } from './surroundings.ts'

/** Whether relays answer, and how fast: kept in the surroundings, told when it changes. */
export class RelayWatch {
  readonly #surroundings: Surroundings
  readonly #onChange: () => void
  readonly #health = new Map<NodeId, RelayHealth>()
  #prober: Prober | undefined

  constructor(surroundings: Surroundings, onChange: () => void) {
    this.#surroundings = surroundings
    this.#onChange = onChange
  }

  /** Watches the relays of the transit as it is now. */
  follow(): void {
    const relays = this.#surroundings.transit?.relays ?? []
    this.#prober ??= new Prober((node, health) => this.#heard(node, health))
    this.#prober.watch(relays.map(({ node, address }): ProbedRelay => ({ node, address })))
  }

  stop(): void {
    this.#prober?.stop()
    this.#prober = undefined
  }

  #heard(node: NodeId, health: RelayHealth): void {
    const before = this.#surroundings.relays
    this.#health.set(node, health)
    this.#surroundings.setHealth(this.#health)
    if (this.#surroundings.relays !== before) this.#onChange()
  }
}
