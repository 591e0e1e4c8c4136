import type { Entry, Head } from '../../../src/log/log.ts'
import { membersIn } from '../model.ts'
import type { Replica } from './replica.ts'
import type { Wire } from './wire.ts'

/** Somebody who is told by one replica or another what the log has come to, by messages that may be late, twice, or lost. */
export class SimAgent {
  /** Where each thing that it was told of stands, as it was told. */
  readonly seen = new Map<number, string>()
  /** What it was told twice in two ways. */
  readonly contradictions: number[] = []
  /** What it has: who is in which network. */
  held = ''
  readonly #wire: Wire
  #revision = 0
  #replica: Replica | undefined

  constructor(wire: Wire) {
    this.#wire = wire
  }

  get replica(): Replica | undefined {
    return this.#replica
  }

  attach(replica: Replica): void {
    this.#replica = replica
    replica.ledger.onEntry((entry) => {
      if (this.#replica !== replica || !replica.isAlive) return
      const { sequence, hash } = entry
      const text = JSON.stringify(membersIn(replica.ledger.state))
      this.#wire.send(() => this.#hear({ sequence, hash }, text))
    })
    this.resync()
  }

  /** Asks for all that its replica has. */
  resync(): void {
    const { state } = this.#replica?.ledger ?? {}
    if (state) this.#wire.send(() => this.#adopt(state.sequence, JSON.stringify(membersIn(state))))
  }

  #hear({ sequence, hash }: Head, text: string): void {
    const before = this.seen.get(sequence)
    if (before !== undefined && before !== hash) this.contradictions.push(sequence)
    this.seen.set(sequence, hash)
    this.#adopt(sequence, text)
  }

  /** What is older than what it has is let be. */
  #adopt(sequence: number, text: string): void {
    if (sequence < this.#revision) return
    this.#revision = sequence
    this.held = text
  }
}

/** What an agent was told that is not in the log. */
export function untrueIn({ seen, contradictions }: SimAgent, log: readonly Pick<Entry, 'hash'>[]): string[] {
  const wrong = [...seen].filter(([sequence, hash]) => log[sequence - 1]?.hash !== hash).map(([at]) => at)
  return [...contradictions, ...wrong].map((at) => `an agent saw an entry ${at} that is not in the log`)
}
