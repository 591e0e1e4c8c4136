import { toWeftError, WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { NetworkId } from '../model/names.ts'
import type { AppliedPosition, ResumePosition } from '../protocol/frames.ts'
import { Dialogue, isRevision } from './dialogue.ts'
import type { Home } from './home.ts'
import { type InterfaceTools, NetworkInterface } from './interface.ts'
import { Journal } from './journal.ts'
import { Keeper } from './keeper.ts'
import { keptParting, type Parting } from './kept.ts'
import { Reconciler } from './reconciler.ts'
import { type ContentFrame, Replica, type Taken } from './replica.ts'
import { type Finding, Reporter } from './report.ts'

export interface MembershipTools extends Omit<InterfaceTools, 'makeReady'> {
  readonly controllerKey: VerifyKey
  readonly home: Home
  /** Resolves when nobody takes the interface of the network away any more, as of an earlier membership. */
  readonly vacated: () => Promise<void>
  /** The interface is in line with a new plan, so there may be something new to report. */
  readonly onApplied: (membership: Membership) => void
  /** What the disk refuses is something else now, or nothing any more. */
  readonly onDisk: () => void
}

/** One network of this node: what the controller says of it and hears of it, and the journal of the last good plan. */
export class Membership {
  readonly network: NetworkId
  readonly #tools: MembershipTools
  readonly #replica: Replica
  readonly #reporter: Reporter
  readonly #dialogue: Dialogue
  readonly #journal: Journal
  readonly #keeper: Keeper
  readonly #interface: NetworkInterface
  readonly #reconciler: Reconciler
  /** Whether it is kept that the network was left. */
  #isMarked = false

  constructor(network: NetworkId, tools: MembershipTools) {
    this.network = network
    this.#tools = tools
    this.#replica = new Replica(network, tools.identity, tools.controllerKey)
    this.#reporter = new Reporter(network, this.#replica)
    this.#dialogue = new Dialogue(network, this.#replica, tools)
    this.#journal = new Journal(network, tools.home, () => this.#replica.apart)
    this.#keeper = new Keeper(this.#journal, {
      ...tools,
      network,
      onFault: tools.onDisk,
      onGap: () => this.#beginAnew(),
    })
    this.#interface = new NetworkInterface(this.#replica, { ...tools, makeReady: () => this.#makeReady() })
    this.#reconciler = new Reconciler(this.#replica, this.#interface, {
      clock: tools.clock,
      log: tools.log,
      onApplied: (position, took) => this.#applied(position, took),
      onFailed: ({ code, message }) => this.#dialogue.refuse(code, message),
      onRerouted: () => tools.onApplied(this),
      onFound: (finding) => this.#report(finding),
    })
  }

  /**
   * Takes in what led to the last good plan, and carries that out: later, if it cannot be now. Rejects when it is of no use,
   * and has done nothing then.
   */
  async restore(frames: readonly ContentFrame[]): Promise<void> {
    for (const frame of frames) this.#absorb(frame)
    if (this.isEmpty) throw new WeftError('protocol-error', 'A journal tells nothing of its network.')
    this.#journal.restored(frames)
    await this.#reconciler.start()
  }

  /** Takes a frame; what it changes is applied in the background, the latest state of all that came meanwhile. */
  take(frame: ContentFrame): void {
    try {
      const taken = this.#absorb(frame)
      if (taken === 'gap') return this.#dialogue.goOn()
      this.#dialogue.heard(frame)
      if (taken === 'changed') this.#journal.add(frame)
      // A head that vouches for all that we have: the journal can begin anew.
      const isToBegin = frame.type === 'current' && this.#journal.wantsSnapshot
      if (isToBegin) this.#journal.add(this.#replica.toSnapshot(frame))
      if (taken === 'changed' || isToBegin) this.refresh()
      else if (isRevision(frame) && this.#reconciler.isAtRest)
        this.#dialogue.applied(this.#replica.position(), 0)
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
    return this.#replica.isTransit
  }

  /** Brings the interface in line again, in the background. */
  refresh(): void {
    this.#reconciler.refresh()
  }

  /** This machine has other addresses. @param lost whether it has one less */
  moved(lost: boolean): void {
    this.#reconciler.moved(lost)
  }

  /** A new session has begun: what was asked for in the last one has to be asked for again. */
  reconnected(): void {
    this.#dialogue.restart()
    this.#reporter.restart()
    this.#interface.guide?.reconnected()
  }

  /** All is compared. @param reports digest of what the controller knows of its peers from here */
  compared(reports: string | undefined): void {
    this.#dialogue.restart()
    if (reports !== this.#reporter.digest) this.#reporter.restart()
    this.#interface.guide?.reconnected()
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
    return this.#interface.guide?.relaysInUse ?? []
  }

  get listenPort(): number {
    return this.#interface.listenPort
  }

  /** Why what is applied is not kept; undefined while it is. */
  get diskFault(): string | undefined {
    return this.#keeper.fault
  }

  /** Looks at the interface: mends drift, reports what is new. */
  inspect(): Promise<void> {
    return this.#reconciler.inspect()
  }

  /** Nothing new is done to the interface from now on; what is being done goes on until `remove` has resolved. */
  end(): void {
    this.#reconciler.end()
  }

  /**
   * Takes the interface down and forgets the network. Rejects when something is left, and can be called again then.
   * @param parting what is kept until all is gone, in place of what led to the plan: no key is in it
   */
  async remove(parting?: Parting): Promise<void> {
    this.#reconciler.end()
    await this.#reconciler.done
    await this.#keeper.end()
    // Neither waits for the other: a disk that is slow or full keeps no interface up.
    const marked = parting && this.#mark(parting)
    try {
      await this.#interface.takeDown()
    } finally {
      await marked
    }
    await this.#tools.home.forget(this.network)
  }

  async #mark(parting: Parting): Promise<void> {
    if (this.#isMarked) return
    await this.#tools.home.rewrite(this.network, [keptParting(parting)]).then(
      () => {
        this.#isMarked = true
      },
      // If all else works there is nothing to be kept, and if not it is tried again.
      () => undefined,
    )
  }

  /** No interface is made of which the next run would not know. */
  async #makeReady(): Promise<void> {
    await this.#tools.vacated()
    // A disk that is full keeps no interface down: that nothing could be kept is told.
    await this.#keeper.begin()
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

  async #applied(position: AppliedPosition | undefined, took: number): Promise<void> {
    this.#dialogue.applied(position, took)
    this.#tools.onApplied(this)
    await this.#keeper.save()
    this.#beginAnew()
  }

  /** Asks for what the journal begins anew with, if it is time for that. */
  #beginAnew(): void {
    if (this.#journal.wantsSnapshot) this.#dialogue.askForHead()
  }

  #report(finding: Finding): void {
    const { clock, send } = this.#tools
    const clocks = { now: clock.now(), monotonic: clock.monotonic() }
    for (const frame of this.#reporter.report(finding, clocks)) send(frame)
  }
}
