import type { Clock } from '../clock.ts'
import type { NetworkId } from '../model/names.ts'

/**
 * Milliseconds since a session began, and since the last word by which a member is told that it is one. A controller that is
 * heard after them has no more such words on the way: it says them first, and its pings stand behind them.
 */
const PATIENCE = 10_000

/**
 * Networks of an earlier run of which nothing is kept that can be used: a file is damaged, or of another controller or
 * release. The controller cannot be told of them, so it would never say that they are left; but a member's tunnels are not to
 * fall silent for a bad line, nor for a line on which nothing comes. So it is what was heard that counts, and no time alone.
 */
export class Strays {
  readonly #clock: Clock
  /** Each with what is wrong with the disk, if that is why. */
  readonly #networks = new Map<NetworkId, string | undefined>()
  /** Those of which this session has said that the node is a member, though that came to nothing yet. */
  readonly #meant = new Set<NetworkId>()
  /** Monotonic; nothing follows from silence where there is no session. */
  #quietSince = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param fault why the disk does not give what is kept of it; absent: it does, and that is of no use */
  add(network: NetworkId, fault?: string): void {
    this.#networks.set(network, fault)
  }

  get faults(): readonly string[] {
    return [...this.#networks.values()].filter((fault) => fault !== undefined)
  }

  /** It is none any more. Whether it was one. */
  delete(network: NetworkId): boolean {
    return this.#networks.delete(network)
  }

  sessionBegan(): void {
    this.#meant.clear()
    this.#quietSince = this.#clock.monotonic()
  }

  sessionEnded(): void {
    this.#quietSince = Number.POSITIVE_INFINITY
  }

  /** The controller said what only a member is told; of the next network it may speak behind that, however long that took. */
  told(network: NetworkId): void {
    this.#meant.add(network)
    this.#quietSince = this.#clock.monotonic()
  }

  /** A sign of the controller came behind all that it has said. Gives those that are not meant, and never again. */
  takeDue(): readonly NetworkId[] {
    if (this.#clock.monotonic() - this.#quietSince < PATIENCE) return []
    return this.#take((network) => !this.#meant.has(network))
  }

  /** Gives all, and none again. */
  takeAll(): readonly NetworkId[] {
    return this.#take(() => true)
  }

  #take(isDue: (network: NetworkId) => boolean): readonly NetworkId[] {
    const taken = [...this.#networks.keys()].filter(isDue)
    for (const network of taken) this.#networks.delete(network)
    return taken
  }
}
