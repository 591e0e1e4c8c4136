import type { Logger } from 'pino'
import { type Clock, sleep } from '../clock.ts'
import { toWeftError, type WeftError } from '../errors.ts'
import type { NetworkId } from '../model/names.ts'
import type { Parting } from './kept.ts'
import type { Membership } from './membership.ts'

export interface DeparturesTools {
  readonly clock: Clock
  readonly log: Logger
}

type Leaving = Pick<Membership, 'network' | 'listenPort' | 'end' | 'remove'>

interface Departure {
  readonly membership: Leaving
  readonly parting: Parting | undefined
  failures: number
  /** The try that runs or ran last: gives what went wrong. */
  attempt: Promise<WeftError | undefined>
  stop: () => void
}

/** Milliseconds; each wait is twice as long as the one before. */
const FIRST_RETRY = 1_000
const LONGEST_RETRY = 30_000
/** A run that ends waits for so many tries: what keeps an interface busy for a moment is over then, and nobody waits long. */
const LAST_TRIES = 3

/**
 * Networks that this node is no member of any more, for as long as something of them is on this machine: an interface that
 * cannot be taken away at once holds a key and addresses, and nobody else would ever come back to it.
 */
export class Departures {
  readonly #tools: DeparturesTools
  readonly #leaving = new Map<NetworkId, Departure>()

  constructor(tools: DeparturesTools) {
    this.#tools = tools
  }

  /**
   * Takes a network down: now, and later until that has worked. Resolves after the first try.
   * @param parting what the controller said; kept for the next start, should this run end before
   */
  async begin(membership: Leaving, parting?: Parting): Promise<void> {
    // At once: a plan that it began now would have its own departure cancelled, and wait for what waits for it.
    membership.end()
    await this.cancel(membership.network)
    const departure: Departure = {
      membership,
      parting,
      failures: 0,
      attempt: Promise.resolve(undefined),
      stop: () => undefined,
    }
    this.#leaving.set(membership.network, departure)
    await this.#try(departure)
  }

  /** The node is a member again, and the interface will be as its new plan says. Resolves when no try is going on. */
  async cancel(network: NetworkId): Promise<void> {
    const departure = this.#leaving.get(network)
    if (!departure) return
    this.#leaving.delete(network)
    departure.stop()
    await departure.attempt
  }

  /** Tries all that are left once more, and again a few times. Rejects when something is left even then. */
  async finish(): Promise<void> {
    for (let tries = 1; this.#leaving.size > 0; tries++) {
      const outcomes = await Promise.all([...this.#leaving.values()].map((departure) => this.#try(departure)))
      const failure = outcomes.find((outcome) => outcome !== undefined)
      if (!failure) return
      if (tries === LAST_TRIES) throw failure
      await sleep(this.#tools.clock, FIRST_RETRY * tries)
    }
  }

  /** UDP ports that interfaces which are to go may still hold. */
  get ports(): readonly number[] {
    return [...this.#leaving.values()].map(({ membership }) => membership.listenPort)
  }

  /** Gives what went wrong. */
  async #try(departure: Departure): Promise<WeftError | undefined> {
    const { membership, parting } = departure
    departure.stop()
    departure.attempt = departure.attempt.then(() => failureOf(membership.remove(parting)))
    const failure = await departure.attempt
    if (this.#leaving.get(membership.network) !== departure) return failure
    if (failure) this.#tryLater(departure, failure)
    else {
      this.#leaving.delete(membership.network)
      if (parting) this.#tools.log.info({ network: membership.network }, 'no member any more')
    }
    return failure
  }

  #tryLater(departure: Departure, { code, message, cause }: WeftError): void {
    const wait = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** departure.failures)
    departure.failures += 1
    const { network } = departure.membership
    this.#tools.log.error(
      { network, code, reason: message, cause, wait },
      'not all of a network that this node has left could be taken away; it is tried again',
    )
    departure.stop = this.#tools.clock.after(wait, () => void this.#try(departure))
  }
}

function failureOf(work: Promise<void>): Promise<WeftError | undefined> {
  return work.then(() => undefined, toWeftError)
}
