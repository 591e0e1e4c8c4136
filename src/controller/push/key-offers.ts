import type { Logger } from 'pino'
import type { Clock } from '../../clock.ts'
import { type ErrorCode, toWeftError } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { AgentFrameOf } from '../../protocol/frames.ts'
import { attempt } from './attempt.ts'
import type { Hearing } from './hearing.ts'
import type { Session } from './session.ts'

type Offerer = Pick<Session, 'node' | 'wantKey'> & { readonly hearing: Pick<Hearing, 'remarks'> }

export interface KeyOffersTools {
  readonly clock: Clock
  readonly log: Logger
  /** Certifies a key that a node derived for itself. */
  readonly certify: (node: NodeId, offered: AgentFrameOf<'key'>) => Promise<void>
  /** The key is refused, for good as far as is known. */
  readonly onRefused: (from: Offerer, network: NetworkId, code: ErrorCode, reason: string) => void
}

/** Milliseconds until a key is asked for again: a log that is full or changes its hands needs about as long. */
const PATIENCE = 3_000

/** What is wrong with our log at the moment, and not with the key. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'store-unavailable',
  'overloaded',
  'timed-out',
  'internal',
])

/**
 * The keys that agents derive for themselves and offer when they are asked. An agent offers once: whatever keeps its key
 * from being certified for a moment must not keep its machine out until somebody asks again by chance.
 */
export class KeyOffers {
  readonly #tools: KeyOffersTools
  /** Where it will be asked again. */
  readonly #waiting = new WeakMap<Offerer, Set<NetworkId>>()

  constructor(tools: KeyOffersTools) {
    this.#tools = tools
  }

  take(session: Offerer, offered: AgentFrameOf<'key'>): void {
    this.#tools
      .certify(session.node, offered)
      .catch((error: unknown) => this.#failed(session, offered, error))
      .catch((err: unknown) => this.#tools.log.error({ err, node: session.node }, 'a key offer failed'))
  }

  #failed(session: Offerer, offered: AgentFrameOf<'key'>, error: unknown): void {
    const { node, hearing } = session
    const { code, message, cause } = toWeftError(error)
    const network = offered.network as NetworkId
    const isPassing = PASSING.has(code)
    const what = { node, network, code, reason: message, cause }
    hearing.remarks.warn(
      this.#tools.log,
      what,
      isPassing ? 'offered key not certified yet; asked for again' : 'offered key refused',
    )
    if (isPassing) this.#askLater(session, network)
    else this.#tools.onRefused(session, network, code, message)
  }

  #askLater(session: Offerer, network: NetworkId): void {
    const waiting = this.#waiting.get(session) ?? new Set()
    this.#waiting.set(session, waiting)
    if (waiting.has(network)) return
    waiting.add(network)
    const { clock, log } = this.#tools
    const { node } = session
    clock.after(PATIENCE, () => {
      waiting.delete(network)
      attempt(log, 'asking for a key again', () => session.wantKey(network), { node, network })
    })
  }
}
