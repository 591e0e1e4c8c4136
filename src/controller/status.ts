import type { Clock } from '../clock.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Network, State } from '../model/state.ts'
import { type GraphQuery, type GraphTools, type NetworkGraph, networkGraph } from './graph/graph.ts'
import type { History } from './graph/history.ts'
import { type LinkDetail, linkDetail } from './graph/link.ts'
import { explainLink, type LinkExplanation } from './graph/links.ts'
import { Traffic } from './graph/traffic.ts'
import { Watch } from './graph/watch.ts'
import type { Presence, PresenceNews } from './presence/presence.ts'
import { type Convergence, convergence } from './push/convergence.ts'
import type { Feed } from './push/feed.ts'
import type { Feeds } from './push/feeds.ts'
import type { Fleet } from './push/fleet.ts'
import { type MemberState, memberState } from './push/standing.ts'
import type { Viewer } from './sight.ts'

export interface StatusTools {
  readonly clock: Clock
  readonly state: () => State
  readonly presence: Presence
  readonly feeds: Feeds
  readonly fleet: Fleet
  readonly history: History
}

/** How things are, beside how they are wanted: who is there, how far each has come, which links work. */
export class Status {
  /** What changes on the pictures that somebody looks at. */
  readonly watch: Watch
  readonly #tools: StatusTools
  readonly #traffic = new Traffic()

  constructor(tools: StatusTools) {
    this.#tools = tools
    this.watch = new Watch({ clock: tools.clock, observations: () => this.#observations() })
    tools.presence.onNews((news) => {
      this.watch.onPresence(news)
      this.#keepTraffic(news)
    })
  }

  node(node: NodeId): { readonly online: boolean; readonly lastSeenAt: number | undefined } {
    const presence = this.#tools.presence.get(node)
    return { online: presence?.online ?? false, lastSeenAt: presence?.lastSeenAt }
  }

  member(
    network: Network,
    node: NodeId,
  ): { readonly state: MemberState; readonly listenPort: number | undefined } {
    const state = this.#standing(network, node)
    return { state, listenPort: this.#tools.presence.get(node)?.report.ports.get(network.id) }
  }

  /** How far the members have taken over the latest revision. */
  convergence(network: Network): Convergence {
    const { fleet } = this.#tools
    return convergence(network, {
      ...this.#observations(),
      feed: (node) => this.#feedOf(network, node),
      cursor: (node) => fleet.cursor(node, network.id),
      ownRevision: (node) => fleet.ownRevision(node, network.id),
      hasAnswered: (node, feed) => fleet.hasAnswered(node, network.id, feed),
    })
  }

  graph(network: Network, query: GraphQuery = {}): Promise<NetworkGraph> {
    return networkGraph(network, query, this.#observations())
  }

  /** All that is known of the link of two members. */
  link(network: Network, ends: readonly [NodeId, NodeId], viewer: Viewer): Promise<LinkDetail> {
    const { history } = this.#tools
    return linkDetail(network, ends, { ...this.#observations(), traffic: this.#traffic, history, viewer })
  }

  /** Every way between two members, which one is taken, and why. */
  explain(network: Network, a: NodeId, b: NodeId): LinkExplanation {
    return explainLink(network, a, b, this.#observations())
  }

  #observations(): GraphTools {
    const { state, presence, clock } = this.#tools
    return {
      state: state(),
      presence,
      now: clock.now(),
      stateOf: (network, node) => this.#standing(network, node),
    }
  }

  #standing(network: Network, node: NodeId): MemberState {
    const { presence, fleet } = this.#tools
    const hasAnswered = (member: NodeId, feed: Feed) => fleet.hasAnswered(member, network.id, feed)
    return memberState(network, node, this.#feedOf(network, node), { presence, hasAnswered })
  }

  /** A feed is kept up to date from when it is first asked for, so it is asked for only when an agent is there. */
  #feedOf({ id: network }: Network, node: NodeId): Feed | undefined {
    const { presence, feeds } = this.#tools
    if (!presence.get(node)?.online) return feeds.peek(network, node)
    return feeds.seek(network, node, () => this.watch.onPresence({ node, network, peers: undefined }))
  }

  #keepTraffic({ node, network, peers = [] }: PresenceNews): void {
    if (!network) return
    const now = this.#tools.clock.now()
    const standing = this.#tools.presence.standing(node, network)
    for (const peer of peers) {
      const report = standing.peers.get(peer)
      if (report) this.#traffic.take(network, node, report, now)
    }
  }
}
