import type { Clock } from '../clock.ts'
import type { AgentFrame, Facts } from '../protocol/frames.ts'
import { ToldFacts } from './told-facts.ts'

/** A session, as long as there is one. */
interface Session {
  readonly send: (frame: AgentFrame) => void
  /** An own address is gone. */
  readonly onLost: (address: string) => void
}

/** By what a node speaks to the controller while there is a session, and what it has told of itself. */
export class Uplink {
  readonly #told: ToldFacts
  #session: Session | undefined

  constructor(clock: Clock) {
    this.#told = new ToldFacts(clock)
  }

  attach(session: Session): void {
    this.#session = session
  }

  detach(): void {
    this.#session = undefined
  }

  /** Does nothing while there is no session. */
  send(frame: AgentFrame): void {
    this.#session?.send(frame)
  }

  /** Own addresses are gone, with their prefix lengths: a session that goes by one of them comes to nothing. */
  lost(addresses: readonly string[]): void {
    for (const address of addresses) this.#session?.onLost(address.replace(/\/\d+$/, ''))
  }

  /** For a greeting: these facts count as told. */
  greet(facts: Facts): Facts {
    return this.#told.tell(facts)
  }

  /** Tells facts if they are news. @param find is asked while there is a session only */
  tell(find: () => Facts): void {
    if (!this.#session) return
    const facts = find()
    if (this.#told.isNews(facts)) this.send({ type: 'facts', facts: this.#told.tell(facts) })
  }
}
