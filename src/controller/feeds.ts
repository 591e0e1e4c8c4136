import type { Clock } from '../clock.ts'
import type { NodeId } from '../keys/identity.ts'
import type { SigningKey } from '../keys/signature.ts'
import type { Entry } from '../log/log.ts'
import type { NetworkId } from '../model/names.ts'
import type { Network, Node, State } from '../model/state.ts'
import { Feed } from './feed.ts'
import { type LanFrame, Lans } from './lans.ts'
import type { Presence } from './presence.ts'
import type { ControllerSettings } from './settings.ts'
import { memberReach, toHint } from './surroundings.ts'

export interface FeedsTools {
  readonly clock: Clock
  readonly settings: ControllerSettings
  readonly signing: SigningKey
  readonly state: () => State
  readonly presence: Presence
  readonly count: (what: 'encodings' | 'signatures') => void
}

/** Who may see which members of a network: all of them, or of the transit only the relays. */
type Audience = 'everybody' | 'relays'

const DAY_SECONDS = 86_400

/** The feeds of all networks that somebody listens to, and when each is pushed. */
export class Feeds {
  readonly #tools: FeedsTools
  readonly #feeds = new Map<NetworkId, Map<Audience, Feed>>()
  readonly #lans: Lans
  /** When a network was last pushed, and which pushes are on their way. */
  readonly #pushed = new Map<NetworkId, number>()
  readonly #due = new Set<NetworkId>()
  #onTouched: (network: NetworkId) => void = () => undefined

  constructor(tools: FeedsTools) {
    this.#tools = tools
    this.#lans = new Lans(tools)
  }

  /** `listener` is called when a network has something to tell: at once for the first change, gathered for the next. */
  onTouched(listener: (network: NetworkId) => void): void {
    this.#onTouched = listener
  }

  /** What a node may see of a network. */
  get(id: NetworkId, viewer: NodeId): Feed | undefined {
    const network = this.#tools.state().networks.get(id)
    if (!network) return undefined
    const audience = this.#audienceOf(network, viewer)
    const feeds = this.#feeds.get(id) ?? new Map<Audience, Feed>()
    this.#feeds.set(id, feeds)
    const feed = feeds.get(audience) ?? this.#create(network, audience)
    feeds.set(audience, feed)
    return feed
  }

  /** Endpoints that only the LAN of the viewer may know. */
  lan(id: NetworkId, viewer: NodeId): LanFrame | undefined {
    return this.#lans.frameFor(id, viewer)
  }

  onEntry(entry: Entry, before: State, after: State): void {
    if (before.epoch !== after.epoch) this.#renew()
    for (const [id, nodes] of touchedMembers(entry, after)) {
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
      if (network && this.#hint(network, node)) this.#touched(id)
    }
  }

  #audienceOf(network: Network, viewer: NodeId): Audience {
    const isRelay = this.#tools.state().nodes.get(viewer)?.roles.includes('relay')
    return network.topology === 'transit' && !isRelay ? 'relays' : 'everybody'
  }

  #create(network: Network, audience: Audience): Feed {
    const { signing, count, clock, settings, state, presence } = this.#tools
    const feed = new Feed(network, {
      signing,
      count,
      epoch: () => state().epoch,
      now: () => clock.monotonic(),
      expiresAt: () => Math.floor(clock.now() / 1_000) + settings.planDays * DAY_SECONDS,
      node: (id) => state().nodes.get(id),
      shows: (node: Node) => audience === 'everybody' || node.roles.includes('relay'),
    })
    for (const node of network.members.keys()) {
      if (presence.get(node)) feed.hint(toHint(memberReach(state(), presence, network.id, node)))
    }
    return feed
  }

  #advance(network: Network, nodes: readonly NodeId[]): void {
    let news = false
    for (const feed of this.#feeds.get(network.id)?.values() ?? [])
      news = feed.advance(network, nodes) || news
    for (const node of nodes) news = this.#hint(network, node) || news
    // A member that others do not see has to be told its own part all the same.
    if (news || nodes.length > 0) this.#touched(network.id)
  }

  /** What is the same in the new epoch is not told again: its head is. */
  #renew(): void {
    for (const feeds of this.#feeds.values()) for (const feed of feeds.values()) feed.renew()
  }

  #forget(id: NetworkId): void {
    this.#feeds.delete(id)
    this.#lans.forget(id)
  }

  /** Whether anybody has to be told. */
  #hint(network: Network, node: NodeId): boolean {
    const { state, presence } = this.#tools
    let news = this.#lans.update(network.id, node)
    if (!presence.get(node)) return news
    const hint = toHint(memberReach(state(), presence, network.id, node))
    for (const feed of this.#feeds.get(network.id)?.values() ?? []) news = feed.hint(hint) || news
    return news
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

/** By network, the members whose records an entry may have changed. */
function touchedMembers(entry: Entry, after: State): ReadonlyMap<NetworkId, NodeId[]> {
  const touched = new Map<NetworkId, NodeId[]>()
  const touch = (network: NetworkId, ...nodes: NodeId[]) => {
    const known = touched.get(network)
    if (known) known.push(...nodes)
    else touched.set(network, nodes)
  }
  for (const event of entry.events) {
    switch (event.type) {
      case 'member-added':
      case 'member-removed':
      case 'member-key-certified':
        touch(event.network, event.node)
        break
      case 'node-roles-set':
        for (const network of after.networksOfNode.get(event.id)?.keys() ?? []) touch(network, event.id)
        break
      case 'network-deleted':
        touch(event.id)
        break
      default:
    }
  }
  return touched
}
