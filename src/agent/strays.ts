import type { Clock } from '../clock.ts'
import type { NetworkId } from '../model/names.ts'

/**
 * Milliseconds of one session after which a controller has said of which networks this node is a member: it says that first.
 */
const PATIENCE = 10_000

/**
 * Networks of an earlier run of which nothing is kept that can be used: a file is damaged, or of another controller or
 * release. The controller cannot be told of them, so it would never say that they are left; but a member's tunnels are not to
 * fall silent for a bad line. So they stay until a session has lasted long enough to show that they are not meant.
 */
export class Strays {
  readonly #clock: Clock
  readonly #onDue: () => void
  #networks: NetworkId[] = []
  #cancel: () => void = () => undefined

  /** @param onDue called when it is time to take away those that are still here */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  add(network: NetworkId): void {
    this.#networks.push(network)
  }

  sessionBegan(): void {
    this.#cancel()
    if (this.#networks.length > 0) this.#cancel = this.#clock.after(PATIENCE, this.#onDue)
  }

  sessionEnded(): void {
    this.#cancel()
  }

  /** Gives all, of some of which this node may be a member by now, and none again. */
  takeAll(): readonly NetworkId[] {
    this.#cancel()
    const all = this.#networks
    this.#networks = []
    return all
  }
}
