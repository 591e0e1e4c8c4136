import { memberPlace } from '../address/allocation.ts'
import type { Address } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Member, Network, State } from '../model/state.ts'
import { type Path, routeTo } from '../topology/link.ts'
import type { Feeds } from './feeds.ts'
import type { Presence, Standing } from './presence.ts'

export type LinkState = 'pending' | 'up' | 'stale' | 'down'

export interface GraphNode {
  readonly id: NodeId
  readonly name: string
  readonly online: boolean
  readonly ipv4: Address
  readonly ipv6: Address
  readonly desiredRevision: number
  readonly appliedRevision: number
}

export interface GraphLink {
  readonly a: NodeId
  readonly b: NodeId
  readonly path: Path
  readonly reason: string
  readonly state: LinkState
  readonly handshakeAgeSeconds: number | undefined
  /** Received by `a` from `b`, and sent by `a` to `b`. */
  readonly rxBytes: number
  readonly txBytes: number
}

export interface NetworkGraph {
  readonly network: string
  readonly epoch: number
  readonly revision: number
  readonly nodes: readonly GraphNode[]
  readonly links: readonly GraphLink[]
}

export interface GraphTools {
  readonly state: State
  readonly presence: Presence
  readonly feeds: Feeds
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Seconds after which a session without a handshake is dead: REJECT_AFTER_TIME, WireGuard paper section 6.1. */
const HANDSHAKE_LIFE = 180
/** A link without any handshake this many seconds after both ends were ready has failed. */
const PATIENCE = 30

/** Intent and observation of a network on one picture. */
export function networkGraph(network: Network, tools: GraphTools): NetworkGraph {
  const members = [...network.members.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1))
  return {
    network: network.id,
    epoch: tools.state.epoch,
    revision: network.revision,
    nodes: members.map((member) => graphNode(network, member, tools)),
    links: members.flatMap((a, at) => members.slice(at + 1).map((b) => graphLink(network, a, b, tools))),
  }
}

function graphNode(network: Network, member: Member, { state, presence }: GraphTools): GraphNode {
  const { ipv4, ipv6 } = memberPlace(network, member.slot)
  return {
    id: member.node,
    name: state.nodes.get(member.node)?.name ?? member.node,
    online: presence.get(member.node)?.online ?? false,
    ipv4,
    ipv6,
    desiredRevision: network.revision,
    appliedRevision: presence.standing(member.node, network.id).applied?.revision ?? 0,
  }
}

function graphLink(network: Network, a: Member, b: Member, tools: GraphTools): GraphLink {
  const there = tools.feeds.factsOf(network.id, b.node)
  const here = tools.feeds.factsOf(network.id, a.node)
  const forth = routeTo(here, there)
  const route = forth.path === 'none' ? routeTo(there, here) : forth
  const seen = observe(network, a, b, tools)
  return { a: a.node, b: b.node, path: route.path, reason: route.reason, ...seen }
}

/** What the two ends report of each other; one end is enough. */
function observe(network: Network, a: Member, b: Member, { presence, now }: GraphTools) {
  const ofA = presence.standing(a.node, network.id)
  const ofB = presence.standing(b.node, network.id)
  const fromA = ofA.peers.get(b.node)
  const fromB = ofB.peers.get(a.node)
  const ages = [ageOf(ofA, b.node, now), ageOf(ofB, a.node, now)].filter((age) => age !== undefined)
  const handshakeAgeSeconds = ages.length > 0 ? Math.min(...ages) : undefined
  const online = [a, b].every(({ node }) => presence.get(node)?.online)
  const ready = [a, b].every((member) => isReady(network, member, presence, now))
  return {
    state: linkState(handshakeAgeSeconds, online, ready),
    handshakeAgeSeconds,
    rxBytes: fromA?.rxBytes ?? fromB?.txBytes ?? 0,
    txBytes: fromA?.txBytes ?? fromB?.rxBytes ?? 0,
  }
}

function linkState(age: number | undefined, online: boolean, ready: boolean): LinkState {
  if (age !== undefined) return age <= HANDSHAKE_LIFE ? 'up' : 'stale'
  if (!online || ready) return 'down'
  return 'pending'
}

function ageOf(standing: Standing, peer: NodeId, now: number): number | undefined {
  const age = standing.peers.get(peer)?.handshakeAge
  if (age === undefined || standing.reportedAt === undefined) return undefined
  return age + Math.max(0, Math.round((now - standing.reportedAt) / 1_000))
}

/** Whether a handshake could long be there, if the path were any good. */
function isReady(network: Network, member: Member, presence: Presence, now: number): boolean {
  const { applied, reportedAt } = presence.standing(member.node, network.id)
  const since = (now - Math.max(member.addedAt, 0)) / 1_000
  return applied !== undefined && reportedAt !== undefined && since > PATIENCE
}
