import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { toWeftError, type WeftError } from '../errors.ts'
import type { AppliedPosition } from '../protocol/frames.ts'
import type { NetworkInterface } from './interface.ts'
import type { Replica } from './replica.ts'
import type { Finding } from './report.ts'
import { Retry } from './retry.ts'
import type { Glance, Observation } from './tunnel.ts'
import { Work } from './work.ts'

export interface ReconcilerTools {
  readonly clock: Clock
  readonly log: Logger
  /**
   * The interface is as it has to be by what was known at a position. The next change waits for this.
   * @param took milliseconds
   */
  readonly onApplied: (position: AppliedPosition | undefined, took: number) => Promise<void>
  /** It could not be made so, and is tried again. */
  readonly onFailed: (failure: WeftError) => void
  /** By what the device says, peers are reached on other paths now. */
  readonly onRerouted: () => void
  /** What a look found. */
  readonly onFound: (finding: Finding) => void
}

/** Keeps an interface in line with what is known of its network: when something is done to it, and again if that fails. */
export class Reconciler {
  readonly #replica: Replica
  readonly #interface: NetworkInterface
  readonly #tools: ReconcilerTools
  readonly #work = new Work(() => (this.#ended ? undefined : this.#interface.tunnel))
  readonly #retry: Retry
  #due = false
  /** Of an apply whose end is told. */
  #isApplying = false
  #ended = false
  #cancelLook: () => void = () => undefined

  constructor(replica: Replica, target: NetworkInterface, tools: ReconcilerTools) {
    this.#replica = replica
    this.#interface = target
    this.#tools = tools
    this.#retry = new Retry(tools.clock, () => this.refresh())
  }

  /** Brings the interface in line by what was kept, of which nobody has to be told. Resolves after the first try. */
  start(): Promise<void> {
    return this.#work.change(async () => {
      try {
        await this.#apply()
      } catch (error) {
        this.#failed(toWeftError(error))
      }
    })
  }

  /** Brings it in line again: one apply at a time, and one more for whatever comes meanwhile. */
  refresh(): void {
    if (this.#due || this.#ended) return
    this.#due = true
    void this.#work.change(async () => {
      this.#due = false
      if (!this.#ended) await this.#applyAndTell()
    })
  }

  /** Whether the interface is there, and nothing new waits to be applied or is being applied. */
  get isAtRest(): boolean {
    return this.#interface.tunnel !== undefined && !this.#due && !this.#isApplying
  }

  /** This machine has other addresses. @param lost whether it has one less */
  moved(lost: boolean): void {
    this.#interface.guide?.moved(lost)
    void this.#work.change(() => this.#announce())
    this.refresh()
  }

  /**
   * Looks at the interface: mends drift, says what was found. That never comes between the steps of a plan; but to read an
   * interface of thousands of peers takes longer than to change one of them, and a plan does not wait for it.
   */
  inspect(): Promise<void> {
    return this.#work.look(
      (tunnel) => tunnel.observe(),
      (observation) => this.#inspect(observation),
    )
  }

  /** Begins nothing any more. */
  end(): void {
    this.#ended = true
    this.#cancelLook()
    this.#retry.over()
  }

  /** Resolves when all is done that was begun. */
  get done(): Promise<void> {
    return this.#work.done
  }

  async #applyAndTell(): Promise<void> {
    const { clock, onApplied } = this.#tools
    const before = clock.monotonic()
    this.#isApplying = true
    try {
      const position = this.#replica.position()
      await this.#apply()
      // What is asked while that is kept is answered at once, for nothing else will be told.
      this.#isApplying = false
      await onApplied(position, clock.monotonic() - before)
      this.#retry.over()
    } catch (error) {
      this.#failed(toWeftError(error))
    } finally {
      this.#isApplying = false
    }
  }

  #failed(failure: WeftError): void {
    const { log, onFailed } = this.#tools
    const { code, message, cause } = failure
    log.error({ network: this.#replica.network, code, reason: message, cause }, 'plan could not be applied')
    onFailed(failure)
    this.#retryLater()
  }

  async #apply(): Promise<void> {
    if (!this.#ended && (await this.#interface.apply())) this.#lookLater()
  }

  #retryLater(): void {
    this.#interface.forget()
    if (!this.#ended) this.#retry.failed()
  }

  async #announce(): Promise<void> {
    try {
      await this.#interface.tunnel?.announce()
    } catch (error) {
      this.#warn({ reason: toWeftError(error).message }, 'peers could not be told of the new address')
    }
  }

  /** Asks the device when the guide wants to know, and applies what follows from the answer. */
  #lookLater(): void {
    this.#cancelLook()
    const wait = this.#interface.guide?.nextLook
    if (wait === undefined || this.#ended) return
    this.#cancelLook = this.#tools.clock.after(wait, () => {
      void this.#work.look(
        (tunnel) => tunnel.glance(),
        (glance) => this.#look(glance),
      )
    })
  }

  async #look(glance: Glance | undefined): Promise<void> {
    const { tunnel, guide } = this.#interface
    if (!tunnel || !guide || this.#ended) return
    try {
      if (guide.look(await tunnel.sight(glance))) {
        await this.#apply()
        this.#tools.onRerouted()
      }
    } catch (error) {
      this.#warn({ reason: toWeftError(error).message }, 'interface cannot be read or changed')
      if (!tunnel.isInLine) this.#retryLater()
    }
    this.#lookLater()
  }

  async #inspect(observation: Observation | undefined): Promise<void> {
    if (!this.#interface.tunnel || this.#ended) return
    this.#warnIfStale()
    // Peers that came from elsewhere have not been changed by hand: where they are now becomes the plan first.
    await this.#look(observation)
    try {
      const finding = await this.#interface.inspect(observation)
      const { drift } = finding
      if (drift.length > 0) this.#warn({ drift }, 'repaired what was changed by hand')
      this.#tools.onFound(finding)
    } catch (error) {
      // The interface may be gone altogether: applying makes it again.
      this.#warn({ reason: toWeftError(error).message }, 'interface cannot be read')
      this.#interface.forget()
      this.refresh()
    }
  }

  #warnIfStale(): void {
    const expiresAt = this.#replica.expiresAt ?? Number.MAX_SAFE_INTEGER
    if (this.#tools.clock.now() / 1_000 < expiresAt) return
    this.#warn({}, 'the plan is stale: nothing was heard for long; it is kept')
  }

  #warn(what: object, text: string): void {
    this.#tools.log.warn({ network: this.#replica.network, ...what }, text)
  }
}
