import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { toWeftError } from '../errors.ts'
import type { Identity, NodeId } from '../keys/identity.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { NetworkId } from '../model/names.ts'
import {
  type AgentFrame,
  type ControllerFrameOf,
  encodeFrame,
  type ResumePosition,
} from '../protocol/frames.ts'
import type { DeviceDriver, InterfaceName } from '../wireguard/device.ts'
import { interfaceName } from '../wireguard/name.ts'
import type { NetworkPlan } from '../wireguard/plan.ts'
import { Dialogue, isRevision } from './dialogue.ts'
import { everyStep } from './every-step.ts'
import type { Underlay } from './facts.ts'
import type { Guide } from './guide.ts'
import type { Home } from './home.ts'
import { Journal } from './journal.ts'
import { removeLeftovers } from './leftovers.ts'
import { MemberGuide } from './member-guide.ts'
import { type ContentFrame, Replica, type Taken } from './replica.ts'
import { Reporter } from './report.ts'
import type { Surroundings } from './surroundings.ts'
import { TransitGuide } from './transit-guide.ts'
import { type Glance, type Observation, type PortBook, Tunnel } from './tunnel.ts'
import { Work } from './work.ts'

export interface MembershipTools {
  readonly identity: Identity
  readonly controllerKey: VerifyKey
  readonly driver: DeviceDriver
  readonly home: Home
  readonly clock: Clock
  readonly log: Logger
  readonly ports: PortBook
  readonly surroundings: Surroundings
  readonly underlay: () => Underlay
  /** Resolves when nobody takes the interface of the network away any more, as of an earlier membership. */
  readonly vacated: (network: NetworkId) => Promise<void>
  /** Sends to the controller; does nothing while there is no session. */
  readonly send: (frame: AgentFrame) => void
  /** The interface is in line with a new plan, so there may be something new to report. */
  readonly onApplied: (membership: Membership) => void
  /** The transit changed, so the paths of the other networks may. */
  readonly onTransit: () => void
}

const FIRST_RETRY = 1_000
const LONGEST_RETRY = 30_000
/** One network of this node: what is known of it, the interface that follows, and the journal of the last good plan. */
export class Membership {
  readonly network: NetworkId
  readonly #tools: MembershipTools
  readonly #replica: Replica
  readonly #interface: InterfaceName
  readonly #reporter: Reporter
  readonly #dialogue: Dialogue
  readonly #journal: Journal
  #guide: Guide | undefined
  #tunnel: Tunnel | undefined
  #failures = 0
  readonly #work = new Work(() => (this.#ended ? undefined : this.#tunnel))
  #due = false
  #ended = false
  /** Whether it is kept that the network was left. */
  #isMarked = false
  #cancelLook: () => void = () => undefined

  constructor(network: NetworkId, tools: MembershipTools) {
    this.network = network
    this.#tools = tools
    this.#replica = new Replica(network, tools.identity, tools.controllerKey)
    this.#interface = interfaceName(tools.identity.id, network)
    this.#reporter = new Reporter(network, this.#replica)
    this.#dialogue = new Dialogue(network, this.#replica, tools)
    this.#journal = new Journal(network, tools.home, () => this.#replica.apart)
  }

  /** Starts from what led to the last good plan. Rejects when it cannot be used any more. */
  async restore(frames: readonly ContentFrame[]): Promise<void> {
    for (const frame of frames) this.#absorb(frame)
    this.#journal.restored(frames)
    await this.#apply()
  }

  /** Takes a frame; what it changes is applied in the background, the latest state of all that came meanwhile. */
  take(frame: ContentFrame): void {
    try {
      const taken = this.#absorb(frame)
      if (taken === 'gap') return this.#dialogue.goOn()
      this.#dialogue.heard(frame)
      if (taken === 'changed') this.#journal.add(frame)
      // A head that vouches for all that we have: the journal can begin anew.
      const isToBegin = frame.type === 'current' && this.#journal.isLong
      if (isToBegin) this.#journal.add(this.#replica.toSnapshot(frame))
      if (taken === 'changed' || isToBegin) this.refresh()
      else if (isRevision(frame)) this.#confirm()
    } catch (error) {
      this.#dialogue.decline(frame, toWeftError(error))
    }
  }

  /** Shows from where this node has what it has. */
  prove(): void {
    this.#dialogue.prove()
  }

  /** Whether this is the network by which relayed links travel. */
  get isTransit(): boolean {
    return this.#replica.content?.topology === 'transit'
  }

  /** Brings the interface in line again: one apply at a time, and one more for whatever comes meanwhile. */
  refresh(): void {
    if (this.#due || this.#ended) return
    this.#due = true
    void this.#work.change(async () => {
      this.#due = false
      if (!this.#ended) await this.#applyAndTell()
    })
  }

  /** This machine has other addresses. @param lost whether it has one less */
  moved(lost: boolean): void {
    this.#guide?.moved(lost)
    void this.#work.change(() => this.#announce())
    this.refresh()
  }

  /** A new session has begun: what was asked for in the last one has to be asked for again. */
  reconnected(): void {
    this.#dialogue.restart()
    this.#reporter.restart()
    if (this.#guide instanceof TransitGuide) this.#guide.reconnected()
  }

  /** All is compared. @param reports digest of what the controller knows of its peers from here */
  compared(reports: string | undefined): void {
    this.#dialogue.restart()
    if (reports !== this.#reporter.digest) this.#reporter.restart()
    if (this.#guide instanceof TransitGuide) this.#guide.reconnected()
  }

  position(): ResumePosition | undefined {
    return this.#replica.resumePosition()
  }

  /** Whether nothing was ever told of it that could be used. */
  get isEmpty(): boolean {
    return this.position() === undefined
  }

  isCoveredBy(removal: { readonly epoch: number; readonly revision: number }): boolean {
    return this.#replica.isCoveredBy(removal)
  }

  /** Relays that links of this network travel by. */
  get relaysInUse(): readonly NodeId[] {
    return this.#guide?.relaysInUse ?? []
  }

  get listenPort(): number {
    return this.#tunnel?.listenPort ?? 0
  }

  /**
   * Looks at the interface: mends drift, reports what is new. That never comes between the steps of a plan; but to read an
   * interface of thousands of peers takes longer than to change one of them, and a plan does not wait for it.
   */
  inspect(): Promise<void> {
    return this.#work.look(
      (tunnel) => tunnel.observe(),
      (observation) => this.#inspect(observation),
    )
  }

  /**
   * Takes the interface down and forgets the network. Rejects when something is left, and can be called again then.
   * @param removal what is kept until all is gone, in place of what led to the plan: no key is in it
   */
  async remove(removal?: ControllerFrameOf<'removed'>): Promise<void> {
    this.#ended = true
    this.#cancelLook()
    await this.#work.done
    // Neither waits for the other: a disk that is slow or full keeps no interface up.
    const marked = removal && this.#mark(removal)
    try {
      await everyStep(
        () => this.#clear(),
        () => this.#tools.driver.remove(this.#interface),
      )
    } finally {
      await marked
    }
    await this.#tools.home.forget(this.network)
  }

  async #mark(removal: ControllerFrameOf<'removed'>): Promise<void> {
    if (this.#isMarked) return
    await this.#tools.home.rewrite(this.network, [encodeFrame(removal)]).then(
      () => {
        this.#isMarked = true
      },
      // If all else works there is nothing to be kept, and if not it is tried again.
      () => undefined,
    )
  }

  /** Takes away what is beside the interface. Of an earlier life nobody knows what that was. */
  async #clear(): Promise<void> {
    if (this.#guide) return this.#guide.leave(this.#interface)
    if (this.#tools.driver.kind !== 'memory') await removeLeftovers(this.#interface)
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
        return this.#replica.takeHints(frame)
      case 'lan':
        return this.#replica.takeLan(frame)
    }
  }

  async #announce(): Promise<void> {
    try {
      await this.#tunnel?.announce()
    } catch (error) {
      this.#tools.log.warn(
        { network: this.network, reason: toWeftError(error).message },
        'peers could not be told of the new address',
      )
    }
  }

  async #inspect(observation: Observation | undefined): Promise<void> {
    if (!this.#tunnel || this.#ended) return
    this.#warnIfStale()
    // Peers that came from elsewhere have not been changed by hand: where they are now becomes the plan first.
    await this.#look(observation)
    try {
      const { peers, drift: changed } = await this.#tunnel.inspect(observation)
      const drift = [...changed, ...((await this.#guide?.inspect()) ?? [])]
      if (drift.length > 0) {
        this.#tools.log.warn({ network: this.network, drift }, 'repaired what was changed by hand')
      }
      const describe = (node: NodeId) => this.#guide?.describe(node) ?? {}
      const { clock } = this.#tools
      const clocks = { now: clock.now(), monotonic: clock.monotonic() }
      const frames = this.#reporter.report({ peers, drift, describe, ...clocks })
      for (const frame of frames) this.#tools.send(frame)
    } catch (error) {
      // The interface may be gone altogether: applying makes it again.
      this.#tools.log.warn(
        { network: this.network, reason: toWeftError(error).message },
        'interface cannot be read',
      )
      this.#tunnel = undefined
      this.refresh()
    }
  }

  async #applyAndTell(): Promise<void> {
    const before = this.#tools.clock.monotonic()
    try {
      const position = this.#replica.position()
      await this.#apply()
      this.#failures = 0
      this.#dialogue.applied(position, this.#tools.clock.monotonic() - before)
      await this.#journal.save()
      if (this.#journal.isLong) this.#dialogue.askForHead()
      this.#tools.onApplied(this)
    } catch (error) {
      const { code, message, cause } = toWeftError(error)
      this.#tools.log.error(
        { network: this.network, code, reason: message, cause },
        'plan could not be applied',
      )
      this.#dialogue.refuse(code, message)
      this.#retryLater()
    }
  }

  async #apply(): Promise<void> {
    const { keys } = this.#replica
    if (!keys) return
    const { driver, clock, ports } = this.#tools
    if (!this.#tunnel) await this.#tools.vacated(this.network)
    // Without waiting for the list of peers: making an interface takes as long as reading that.
    this.#tunnel ??= await Tunnel.adopt(await driver.open(this.#interface), clock, ports)
    if (!this.#replica.position()) return
    this.#guide ??= this.#createGuide()
    // A session that lives keeps its path, so the first plan has to know what is there.
    const plan = this.#guide.plan(this.#tunnel.isNew ? this.#tunnel.seen : undefined)
    if (!plan) return
    await this.#prepare(this.#guide, this.#tunnel, plan)
    await this.#tunnel.apply(plan, keys)
    await this.#guide.applied(this.#interface)
    this.#lookLater()
  }

  /** Without its filter a plan is not carried out, but for this: whoever is no peer any more goes at once. */
  async #prepare(guide: Guide, tunnel: Tunnel, plan: NetworkPlan): Promise<void> {
    try {
      await guide.prepare(tunnel.isBare)
    } catch (error) {
      await tunnel.narrow(plan)
      throw error
    }
  }

  #createGuide(): Guide {
    const { identity, clock, surroundings, driver, underlay, log, send, ports, onTransit } = this.#tools
    const isReal = driver.kind !== 'memory'
    if (!this.isTransit)
      return new MemberGuide(this.#replica, {
        own: identity.id,
        interface: this.#interface,
        clock,
        log,
        surroundings,
        isReal,
      })
    const used = () => ports.used().filter((port) => port !== this.listenPort)
    const tools = { surroundings, isReal, clock, log, underlay, send, onChange: onTransit, ports: used }
    return new TransitGuide(this.#replica, tools)
  }

  /** Asks the device when the guide wants to know, and applies what follows from the answer. */
  #lookLater(): void {
    this.#cancelLook()
    const wait = this.#guide?.nextLook
    if (wait === undefined || this.#ended) return
    this.#cancelLook = this.#tools.clock.after(wait, () => {
      void this.#work.look(
        (tunnel) => tunnel.glance(),
        (glance) => this.#look(glance),
      )
    })
  }

  async #look(glance: Glance | undefined): Promise<void> {
    if (!this.#tunnel || !this.#guide || this.#ended) return
    try {
      if (this.#guide.look(await this.#tunnel.sight(glance))) {
        await this.#apply()
        this.#tools.onApplied(this)
      }
    } catch (error) {
      this.#tools.log.warn(
        { network: this.network, reason: toWeftError(error).message },
        'interface cannot be read or changed',
      )
      if (!this.#tunnel.isInLine) this.#retryLater()
    }
    this.#lookLater()
  }

  #retryLater(): void {
    const wait = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.#failures)
    this.#failures += 1
    this.#tunnel = undefined
    this.#tools.clock.after(wait, () => this.refresh())
  }

  #confirm(): void {
    if (this.#tunnel && !this.#due) this.#dialogue.applied(this.#replica.position(), 0)
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
