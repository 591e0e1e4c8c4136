import type { Clock } from '../clock.ts'
import type { Membership } from './membership.ts'

/** A new plan is looked at after this many ms each: handshakes come soon or not at all. */
const WAITS = [1_000, 3_000, 8_000]

interface Pending {
  /** The latest of the network: a node may have left it and be back. */
  readonly membership: LookedAt
  /** Whether another plan has asked for the same since. */
  readonly isWantedAgain: boolean
}

type LookedAt = Pick<Membership, 'network' | 'inspect'>

/** Looks at plans that are new. Plans that follow one another share them: each gets its own in time, none is put off. */
export class EarlyLooks {
  readonly #clock: Clock
  /** Those on their way. */
  readonly #pending = new Map<string, Pending>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  after(membership: LookedAt): void {
    for (const wait of WAITS) this.#lookAfter(membership, wait)
  }

  #lookAfter(membership: LookedAt, wait: number): void {
    const look = `${membership.network} ${wait}`
    const known = this.#pending.get(look)
    this.#pending.set(look, { membership, isWantedAgain: known !== undefined })
    if (known) return
    this.#clock.after(wait, () => {
      const pending = this.#pending.get(look)
      this.#pending.delete(look)
      if (!pending) return
      void pending.membership.inspect()
      if (pending.isWantedAgain) this.#lookAfter(pending.membership, wait)
    })
  }
}
