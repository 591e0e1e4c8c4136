import type { Clock } from '../clock.ts'
import type { NodeId } from '../keys/identity.ts'
import type { SigningKey } from '../keys/signature.ts'
import type { Entry } from '../log/log.ts'
import type { NetworkId } from '../model/names.ts'
import type { Network, State } from '../model/state.ts'
import type { ControllerFrame, Hint } from '../protocol/frames.ts'
import type { MemberFacts } from '../topology/facts.ts'
import { commonEndpoint, routeTo } from '../topology/link.ts'
import { Feed } from './feed.ts'
import type { Presence } from './presence.ts'
import type { ControllerSettings } from './settings.ts'

export interface FeedsTools {
  readonly clock: Clock
  readonly settings: ControllerSettings
  readonly signing: SigningKey
  readonly state: () => State
  readonly presence: Presence
  readonly count: (what: 'encodings' | 'signatures') => void
}

const DAY_SECONDS = 86_400

/** The feeds of all networks that somebody listens to, and when each is pushed. */
export class Feeds {
  readonly #tools: FeedsTools
  readonly #feeds = new Map<NetworkId, Feed>()
  /** When a network was last pushed, and whether a push is on its way. */
  readonly #pushed = new Map<NetworkId, number>()
  readonly #due = new Set<NetworkId>()
  #onTouched: (network: NetworkId) => void = () => undefined

  constructor(tools: FeedsTools) {
    this.#tools = tools
  }

  /** `listener` is called when a network has something to tell: at once for the first change, gathered for the next. */
  onTouched(listener: (network: NetworkId) => void): void {
    this.#onTouched = listener
  }

  get(id: NetworkId): Feed | undefined {
    const known = this.#feeds.get(id)
    const network = this.#tools.state().networks.get(id)
    if (known || !network) return known
    const { signing, count, clock, settings } = this.#tools
    const expiresAt = () => Math.floor(clock.now() / 1_000) + settings.planDays * DAY_SECONDS
    const feed = new Feed(network, { signing, count, expiresAt, epoch: this.#tools.state().epoch })
    this.#feeds.set(id, feed)
    for (const node of network.members.keys()) this.#hint(network, feed, node)
    return feed
  }

  onEntry(entry: Entry, state: State): void {
    for (const event of entry.events) if (event.type === 'epoch-raised') this.#feeds.clear()
    for (const [id, nodes] of touchedMembers(entry)) {
      const network = state.networks.get(id)
      if (!network) this.#feeds.delete(id)
      if (network) this.#advance(network, nodes)
    }
  }

  /** Takes over what a node reported about itself. */
  onFacts(node: NodeId): void {
    const state = this.#tools.state()
    for (const id of state.networksOfNode.get(node)?.keys() ?? []) {
      const network = state.networks.get(id)
      const feed = this.#feeds.get(id)
      if (network && feed && this.#hint(network, feed, node)) this.#touched(id)
    }
  }

  /** Endpoints that this viewer needs otherwise than the others; nothing where the common ones serve it. */
  readonly personalHints = (
    network: Network,
    viewer: NodeId,
    feed: Feed,
    others: ReadonlySet<NodeId> | undefined,
  ): ControllerFrame | undefined => {
    const own = this.factsOf(network.id, viewer)
    const hints: Hint[] = []
    for (const node of others ?? network.members.keys()) {
      const { endpoint } = routeTo(own, this.factsOf(network.id, node))
      if (node !== viewer && endpoint && endpoint !== feed.hintOf(node)) hints.push({ node, endpoint })
    }
    return hints.length > 0 ? { type: 'hints', network: network.id, hints } : undefined
  }

  factsOf(network: NetworkId, node: NodeId): MemberFacts {
    const facts = this.#tools.presence.get(node)?.facts
    return { node, addresses: facts?.addresses ?? [], listenPort: facts?.ports.get(network) }
  }

  #advance(network: Network, nodes: readonly NodeId[]): void {
    const feed = this.#feeds.get(network.id)
    feed?.advance(network, nodes)
    for (const node of nodes) if (feed && network.members.has(node)) this.#hint(network, feed, node)
    this.#touched(network.id)
  }

  /** Whether that was news. */
  #hint(network: Network, feed: Feed, node: NodeId): boolean {
    const endpoint = commonEndpoint(this.factsOf(network.id, node))
    if (endpoint === undefined || endpoint === feed.hintOf(node)) return false
    feed.hint(node, endpoint)
    return true
  }

  /** The first change goes out at once; what follows within the gathering time goes together at its end. */
  #touched(id: NetworkId): void {
    if (this.#due.has(id)) return
    this.#due.add(id)
    const since = this.#tools.clock.monotonic() - (this.#pushed.get(id) ?? Number.NEGATIVE_INFINITY)
    const wait = this.#tools.settings.gatherMilliseconds - since
    if (wait <= 0) setImmediate(() => this.#push(id))
    else this.#tools.clock.after(wait, () => this.#push(id))
  }

  #push(id: NetworkId): void {
    this.#due.delete(id)
    this.#pushed.set(id, this.#tools.clock.monotonic())
    this.#onTouched(id)
  }
}

function touchedMembers(entry: Entry): ReadonlyMap<NetworkId, NodeId[]> {
  const touched = new Map<NetworkId, NodeId[]>()
  for (const event of entry.events) {
    if (event.type === 'network-deleted') touched.set(event.id, [])
    if (
      event.type !== 'member-added' &&
      event.type !== 'member-removed' &&
      event.type !== 'member-key-certified'
    )
      continue
    const nodes = touched.get(event.network) ?? []
    nodes.push(event.node)
    touched.set(event.network, nodes)
  }
  return touched
}
