import type { Clock } from '../clock.ts'
import type { Membership } from './membership.ts'

/** A new plan is looked at after this many ms each: handshakes come soon or not at all. */
const WAITS = [1_000, 3_000, 8_000]

/** Looks at plans that are new. Plans that follow one another share them: each gets its own in time, none is put off. */
export class EarlyLooks {
  readonly #clock: Clock
  /** Those on their way, and whether another plan has asked for the same since. */
  readonly #pending = new Map<string, boolean>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  after(membership: Membership): void {
    for (const wait of WAITS) this.#lookAfter(membership, wait)
  }

  #lookAfter(membership: Membership, wait: number): void {
    const look = `${membership.network} ${wait}`
    const isPending = this.#pending.has(look)
    this.#pending.set(look, isPending)
    if (isPending) return
    this.#clock.after(wait, () => {
      const isWantedAgain = this.#pending.get(look)
      this.#pending.delete(look)
      void membership.inspect()
      if (isWantedAgain) this.#lookAfter(membership, wait)
    })
  }
}
