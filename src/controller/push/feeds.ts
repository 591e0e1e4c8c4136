import type { Logger } from 'pino'
import type { Clock } from '../../clock.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { SigningKey } from '../../keys/signature.ts'
import type { Entry } from '../../log/log.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Network, State } from '../../model/state.ts'
import type { Step } from '../ledger/recent.ts'
import type { LanStep, LanTold } from '../presence/lan-told.ts'
import { Lans } from '../presence/lans.ts'
import type { Presence } from '../presence/presence.ts'
import { hintOf } from '../presence/surroundings.ts'
import type { ControllerSettings } from '../settings.ts'
import { Turns } from '../turns.ts'
import { Due, type News } from './due.ts'
import type { Feed } from './feed.ts'
import { GroupNames } from './group-names.ts'
import { NetworkFeeds, type NetworkFeedsTools } from './network-feeds.ts'
import { Pace } from './pace.ts'
import { Pasts } from './pasts.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'

export interface FeedsTools {
  readonly clock: Clock
  readonly log: Pick<Logger, 'error'>
  readonly settings: ControllerSettings
  readonly signing: SigningKey
  readonly state: () => State
  readonly presence: Presence
  readonly count: (what: 'encodings' | 'signatures') => void
  /** The last entries of the log when the controller started. */
  readonly recent: readonly Step[]
}

/**
 * @param viewers who has something to be told; undefined: all members
 * @returns a promise where that goes on in later turns of the event loop: until then no other push of the network begins
 */
type TouchListener = (network: NetworkId, viewers: readonly NodeId[] | undefined) => unknown

const DAY_SECONDS = 86_400

/** The feeds of all networks that somebody listens to, and when each is pushed. */
export class Feeds {
  /** In which pushes are done, and what is asked of them. */
  readonly turns: Turns
  readonly #tools: FeedsTools
  readonly #networks = new Map<NetworkId, NetworkFeeds>()
  readonly #groups: GroupNames
  readonly #pasts: Pasts
  readonly #lans: Lans
  /** How soon a network may be pushed again, and which pushes are on their way. */
  readonly #paces = new Map<NetworkId, Pace>()
  readonly #due = new Map<NetworkId, Due>()
  readonly #pushing = new Set<NetworkId>()
  /** Whose feeds are being made because somebody looks at them, and whom to tell of it. */
  readonly #sought = new Map<NetworkId, Map<NodeId, () => void>>()
  #onTouched: TouchListener = () => undefined

  constructor(tools: FeedsTools) {
    this.#tools = tools
    this.turns = new Turns(tools.log)
    this.#groups = new GroupNames(tools.signing)
    this.#pasts = new Pasts(tools.recent)
    this.#lans = new Lans({
      ...tools,
      regime: (id) => this.#in(id, (feeds) => feeds.regime),
      classOf: (id, node) => this.#in(id, (feeds) => feeds.classOf(node)),
      own: (id, node) => this.#in(id, (feeds, network) => feeds.own(network, node)),
    })
  }

  /** `listener` is called when a network has something to tell: at once for the first change, gathered for the next. */
  onTouched(listener: TouchListener): void {
    this.#onTouched = listener
  }

  /** What a node may see of a network. */
  get(id: NetworkId, viewer: NodeId): Feed | undefined {
    return this.#in(id, (feeds, network) => feeds.get(network, viewer))
  }

  /**
   * What a node may see of a network, to look at it only: undefined where that is not worked out yet, for it takes its time.
   * Then it will be, in turns, and `made` is called: no push does it for a member whose agent is at another replica.
   */
  seek(id: NetworkId, viewer: NodeId, made: () => void): Feed | undefined {
    const known = this.#networks.get(id)?.peek(viewer)
    if (known) return known
    const sought = this.#sought.get(id)
    sought?.set(viewer, made)
    if (sought) return undefined
    const first = new Map([[viewer, made]])
    this.#sought.set(id, first)
    setImmediate(() => this.turns.leave(this.#make(id, first)))
    return undefined
  }

  /** What a node may see of a network, if that was worked out already. */
  peek(id: NetworkId, viewer: NodeId): Feed | undefined {
    return this.#networks.get(id)?.peek(viewer)
  }

  /** What the viewer is to be told that not all are: endpoints on its LAN above all. */
  lan(id: NetworkId, viewer: NodeId, told: LanTold, readsParts: boolean): LanStep {
    return this.#lans.follow(id, viewer, told, readsParts)
  }

  /** What a change would do, as things are now. One is worked out at a time; it ends with `signal`. */
  rehearse(events: readonly Event[], signal?: AbortSignal): Promise<Rehearsal> {
    const steps = rehearse(this.#tools.state(), events, (network) => this.#toolsFor(network))
    return this.turns.ask(steps, signal)
  }

  onEntry(entry: Entry, before: State, after: State): void {
    const touched = this.#pasts.add({ entry, before, after })
    if (before.epoch !== after.epoch) this.#renew()
    for (const event of entry.events) if (event.type === 'network-policy-set') this.#reclassify(event.network)
    for (const [id, nodes] of touched) {
      const network = after.networks.get(id)
      if (network) this.#advance(network, nodes)
      else this.#forget(id)
    }
  }

  /** Takes over what became known about a node, in all its networks or in one. */
  onFacts(node: NodeId, only?: NetworkId): void {
    const state = this.#tools.state()
    const ids = only ? [only] : [...(state.networksOfNode.get(node)?.keys() ?? [])]
    for (const id of ids) {
      const network = state.networks.get(id)
      if (network) this.#tell(id, this.#hint(network, node))
    }
  }

  /** Takes over on which LANs a node is that has just come, before it is told who else is there. */
  onPlace(node: NodeId): void {
    const ids = this.#tools.state().networksOfNode.get(node)?.keys() ?? []
    for (const id of ids) this.#tell(id, { classes: [], nodes: this.#lans.update(id, node) })
  }

  *#make(id: NetworkId, sought: ReadonlyMap<NodeId, () => void>): Generator<void, void> {
    try {
      for (const [viewer, made] of sought) {
        if (this.get(id, viewer)) made()
        yield
      }
    } finally {
      this.#sought.delete(id)
    }
  }

  #in<Answer>(id: NetworkId, ask: (feeds: NetworkFeeds, network: Network) => Answer): Answer | undefined {
    const network = this.#tools.state().networks.get(id)
    return network && ask(this.#of(network), network)
  }

  #of(network: Network): NetworkFeeds {
    const known = this.#networks.get(network.id)
    if (known) return known
    const tools = this.#toolsFor(network.id)
    const past = (latest: Network) => this.#pasts.of(latest, tools.epoch())
    const fresh = new NetworkFeeds(network, { ...tools, past })
    this.#networks.set(network.id, fresh)
    return fresh
  }

  #toolsFor(network: NetworkId): NetworkFeedsTools {
    const { signing, count, clock, settings, state, presence } = this.#tools
    return {
      signing,
      groups: this.#groups,
      count,
      epoch: () => state().epoch,
      now: () => clock.monotonic(),
      expiresAt: () => Math.floor(clock.now() / 1_000) + settings.planDays * DAY_SECONDS,
      node: (id) => state().nodes.get(id),
      hintOf: (node) => hintOf(state(), presence, network, node),
    }
  }

  #advance(network: Network, nodes: readonly NodeId[]): void {
    const classes = [...(this.#networks.get(network.id)?.advance(network, nodes) ?? [])]
    // A member that others do not see has to be told its own part all the same.
    this.#tell(network.id, { classes, nodes })
    for (const node of nodes) this.#tell(network.id, this.#hint(network, node))
  }

  /** Another policy. */
  #reclassify(id: NetworkId): void {
    const network = this.#tools.state().networks.get(id)
    if (!network) return
    this.#networks.get(id)?.reclassify(network)
    this.#lans.renew(id)
    this.#tell(id, 'all')
  }

  /** What is the same in the new epoch is not told again: its head is. */
  #renew(): void {
    for (const feeds of this.#networks.values()) feeds.renew()
  }

  #forget(id: NetworkId): void {
    this.#networks.delete(id)
    this.#due.delete(id)
    this.#paces.delete(id)
    this.#lans.forget(id)
  }

  /** Gives who has to be told. */
  #hint(network: Network, node: NodeId): News {
    const { state, presence } = this.#tools
    const nodes = this.#lans.update(network.id, node)
    // Who has left may be known by a port still.
    const feeds = network.members.has(node) ? this.#networks.get(network.id) : undefined
    const hint = feeds && hintOf(state(), presence, network.id, node)
    if (!hint) return { classes: [], nodes }
    const classes = [...feeds.hint(hint)]
    const own = feeds.own(network, node)
    const isNews = own !== undefined && this.#lans.renewOwn(network.id, node, own)
    return { classes, nodes: isNews ? [...nodes, node] : nodes }
  }

  /** The first change goes out at once; what follows within the gathering time goes together at its end. */
  #tell(id: NetworkId, news: News | 'all'): void {
    if (news !== 'all' && news.classes.length + news.nodes.length === 0) return
    const due = this.#due.get(id)
    if (due) return due.add(news)
    const first = new Due()
    first.add(news)
    this.#due.set(id, first)
    if (!this.#pushing.has(id)) this.#schedule(id)
  }

  #schedule(id: NetworkId): void {
    const { clock } = this.#tools
    const { wait } = this.#paceOf(id)
    if (wait <= 0) setImmediate(() => this.#push(id))
    else clock.after(wait, () => this.#push(id))
  }

  #push(id: NetworkId): void {
    const due = this.#due.get(id)
    if (!due) return
    this.#due.delete(id)
    const viewers = due.viewers((classes) => this.#networks.get(id)?.membersOf(classes))
    const rest = this.#paceOf(id).run(() => this.#onTouched(id, viewers))
    if (rest) this.turns.watch(this.#finish(id, rest))
  }

  async #finish(id: NetworkId, rest: Promise<void>): Promise<void> {
    this.#pushing.add(id)
    try {
      await rest
    } finally {
      this.#pushing.delete(id)
      if (this.#due.has(id)) this.#schedule(id)
    }
  }

  #paceOf(id: NetworkId): Pace {
    const { clock, settings } = this.#tools
    const pace = this.#paces.get(id) ?? new Pace(clock, settings.gatherMilliseconds)
    this.#paces.set(id, pace)
    return pace
  }
}
