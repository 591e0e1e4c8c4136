import type { Logger } from 'pino'
import type { Address } from '../address/cidr.ts'
import type { Clock } from '../clock.ts'
import { toWeftError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { NetworkId } from '../model/names.ts'
import {
  type AgentFrame,
  type ControllerFrameOf,
  encodeFrame,
  type NetworkPosition,
} from '../protocol/frames.ts'
import type { DeviceDriver, InterfaceName } from '../wireguard/device.ts'
import { interfaceName } from '../wireguard/name.ts'
import type { Home } from './home.ts'
import { Replica, type Taken } from './replica.ts'
import { Reporter } from './report.ts'
import { type PortBook, Tunnel } from './tunnel.ts'

export interface MembershipTools {
  readonly identity: Identity
  readonly controllerKey: VerifyKey
  readonly driver: DeviceDriver
  readonly home: Home
  readonly clock: Clock
  readonly log: Logger
  readonly ports: PortBook
  /** Sends to the controller; does nothing while there is no session. */
  readonly send: (frame: AgentFrame) => void
  /** The interface is in line with a new plan, so there may be something new to report. */
  readonly onApplied: (membership: Membership) => void
}

/** The frames that carry what a member has to have. */
export type ContentFrame = ControllerFrameOf<'self' | 'current' | 'snapshot' | 'delta' | 'hints'>

/** Lines after which the journal of a network is begun anew with a snapshot. */
const JOURNAL_LIMIT = 512
const FIRST_RETRY = 1_000
const LONGEST_RETRY = 30_000

/** One network of this node: what is known of it, the interface that follows, and the journal of the last good plan. */
export class Membership {
  readonly network: NetworkId
  readonly #tools: MembershipTools
  readonly #replica: Replica
  readonly #interface: InterfaceName
  readonly #reporter: Reporter
  readonly #met = new Set<PublicKey>()
  #tunnel: Tunnel | undefined
  /** Frames that are taken, but not applied yet; they go to the journal when they are. */
  #unsaved: ContentFrame[] = []
  #self: ContentFrame | undefined
  #journalLines = 0
  #resyncing = false
  #failures = 0
  #work: Promise<void> = Promise.resolve()
  #due = false
  #ended = false

  constructor(network: NetworkId, tools: MembershipTools) {
    this.network = network
    this.#tools = tools
    this.#replica = new Replica(network, tools.identity, tools.controllerKey)
    this.#interface = interfaceName(tools.identity.id, network)
    this.#reporter = new Reporter(network, this.#replica)
  }

  /** Starts from the last good plan. Rejects when it cannot be used any more. */
  async restore(lines: readonly string[], parse: (line: string) => ContentFrame): Promise<void> {
    for (const line of lines) this.#understand(parse(line))
    this.#journalLines = lines.length
    this.#unsaved = []
    await this.#apply()
  }

  /** Takes a frame; what it changes is applied in the background, the latest state of all that came meanwhile. */
  take(frame: ContentFrame): void {
    try {
      const taken = this.#understand(frame)
      if (taken === 'gap') this.#resync()
      if (taken === 'changed') this.#schedule()
      if (taken === 'unchanged' && frame.type !== 'hints') this.#confirm()
    } catch (error) {
      const { code, message } = toWeftError(error)
      this.#refuse(code, message)
      if (code === 'digest-mismatch') this.#resync()
    }
  }

  /** A new session has begun: what was asked for in the last one has to be asked for again. */
  reconnected(): void {
    this.#resyncing = false
    this.#reporter.restart()
  }

  position(): NetworkPosition | undefined {
    return this.#replica.position()
  }

  isCoveredBy(removal: { readonly epoch: number; readonly revision: number }): boolean {
    return this.#replica.isCoveredBy(removal)
  }

  get listenPort(): number {
    return this.#tunnel?.listenPort ?? 0
  }

  /** Looks at the interface: mends drift, reports what is new. Does nothing while a plan is being applied. */
  async inspect(): Promise<void> {
    await this.#work
    if (!this.#tunnel || this.#ended || !this.#replica.plan()) return
    this.#warnIfStale()
    try {
      const { peers, drift } = await this.#tunnel.inspect()
      if (drift.length > 0)
        this.#tools.log.warn({ network: this.network, drift }, 'repaired what was changed by hand')
      for (const frame of this.#reporter.report(peers, drift, this.#tools.clock.now()))
        this.#tools.send(frame)
    } catch (error) {
      // The interface may be gone altogether: applying makes it again.
      this.#tools.log.warn(
        { network: this.network, reason: toWeftError(error).message },
        'interface cannot be read',
      )
      this.#tunnel = undefined
      this.#schedule()
    }
  }

  /** Overlay addresses of peers that can be sent to, and that were not given by an earlier call. */
  newcomers(): Address[] {
    const fresh = this.#replica.reachable().filter(({ publicKey }) => !this.#met.has(publicKey))
    for (const { publicKey } of fresh) this.#met.add(publicKey)
    return fresh.map(({ ipv4 }) => ipv4)
  }

  /** Takes the interface down and forgets the network. */
  async remove(): Promise<void> {
    this.#ended = true
    await this.#work
    await this.#tools.driver.remove(this.#interface)
    await this.#tools.home.forget(this.network)
  }

  #understand(frame: ContentFrame): Taken {
    const taken = this.#absorb(frame)
    if (frame.type === 'self') this.#self = frame
    if (frame.type === 'snapshot') this.#resyncing = false
    if (taken === 'changed') this.#unsaved.push(frame)
    return taken
  }

  #absorb(frame: ContentFrame): Taken {
    switch (frame.type) {
      case 'self':
        return this.#replica.takeSelf(frame)
      case 'current':
        return this.#replica.takeCurrent(frame)
      case 'snapshot':
        return this.#replica.takeSnapshot(frame)
      case 'delta':
        return this.#replica.takeDelta(frame)
      case 'hints':
        return this.#replica.takeHints(frame.hints)
    }
  }

  /** One apply at a time; whatever comes meanwhile makes one more, not one each. */
  #schedule(): void {
    if (this.#due) return
    this.#due = true
    this.#work = this.#work.then(async () => {
      this.#due = false
      if (!this.#ended) await this.#applyAndTell()
    })
  }

  async #applyAndTell(): Promise<void> {
    const before = this.#tools.clock.monotonic()
    try {
      await this.#apply()
      this.#failures = 0
      this.#confirm(this.#tools.clock.monotonic() - before)
      await this.#save()
      this.#tools.onApplied(this)
    } catch (error) {
      const { code, message, cause } = toWeftError(error)
      this.#tools.log.error(
        { network: this.network, code, reason: message, cause },
        'plan could not be applied',
      )
      this.#refuse(code, message)
      this.#retryLater()
    }
  }

  async #apply(): Promise<void> {
    const plan = this.#replica.plan()
    const { keys } = this.#replica
    if (!plan || !keys) return
    const { driver, clock, ports } = this.#tools
    this.#tunnel ??= await Tunnel.adopt(await driver.open(this.#interface), clock, ports)
    await this.#tunnel.apply(plan, keys)
  }

  #retryLater(): void {
    const wait = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.#failures)
    this.#failures += 1
    this.#tunnel = undefined
    this.#tools.clock.after(wait, () => {
      if (!this.#ended) this.#schedule()
    })
  }

  #confirm(took = 0): void {
    const position = this.#replica.position()
    if (position && this.#tunnel) this.#tools.send({ type: 'applied', ...position, took })
  }

  #refuse(code: ReturnType<typeof toWeftError>['code'], reason: string): void {
    const { epoch, revision } = this.#replica.position() ?? { epoch: 0, revision: 0 }
    this.#tools.send({
      type: 'refused',
      network: this.network,
      epoch,
      revision,
      code,
      reason: reason.slice(0, 500),
    })
  }

  #resync(): void {
    if (this.#resyncing) return
    this.#resyncing = true
    this.#tools.send({ type: 'resync', network: this.network })
  }

  /** What is applied is what a restart begins with, so it is written afterwards, never before. */
  async #save(): Promise<void> {
    const frames = this.#unsaved
    this.#unsaved = []
    const { home } = this.#tools
    const snapshotAt = frames.findLastIndex(({ type }) => type === 'snapshot')
    if (snapshotAt >= 0 && this.#self) {
      const kept = [this.#self, ...frames.slice(snapshotAt)].map(encodeFrame)
      this.#journalLines = kept.length
      return home.rewrite(this.network, kept)
    }
    for (const frame of frames) await home.append(this.network, encodeFrame(frame))
    this.#journalLines += frames.length
    if (this.#journalLines > JOURNAL_LIMIT) this.#resync()
  }

  #warnIfStale(): void {
    const expiresAt = this.#replica.expiresAt ?? Number.MAX_SAFE_INTEGER
    if (this.#tools.clock.now() / 1_000 < expiresAt) return
    this.#tools.log.warn(
      { network: this.network },
      'the plan is stale: nothing was heard for long; it is kept',
    )
  }
}
