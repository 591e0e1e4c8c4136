import type { NodeId } from '../../keys/identity.ts'
import type { Member, Network, State } from '../../model/state.ts'
import type { Standing } from '../presence/presence.ts'
import type { Cursor } from './cursor.ts'
import type { Feed } from './feed.ts'
import { memberState, type StandingTools } from './standing.ts'

/** Milliseconds after which a session without a handshake is dead: REJECT_AFTER_TIME, WireGuard paper section 6.1. */
const HANDSHAKE_LIFE = 180_000

/** How far a member lags: not at all, or where its changes are. */
export type Progress = 'applied' | 'delivered' | 'undelivered' | 'refused' | 'offline'

export interface MemberConvergence {
  readonly node: NodeId
  readonly name: string
  readonly progress: Progress
  /** What it should have: the last revision in which something changed for it. */
  readonly desiredRevision: number
  /** What was put into its connection; 0 while there is none. */
  readonly deliveredRevision: number
  /** What it said it has; 0 while unknown. */
  readonly appliedRevision: number
  /** Whether it has a live handshake with any of its peers. */
  readonly handshaking: boolean
  /** A sentence; undefined when there is nothing to explain. */
  readonly reason: string | undefined
}

/** How far a network has taken over its latest revision. A member whose agent is away blocks nothing. */
export interface Convergence {
  readonly network: string
  readonly epoch: number
  readonly revision: number
  /** Whether every member whose agent is connected has applied what it should have. */
  readonly converged: boolean
  readonly members: {
    readonly total: number
    readonly online: number
    readonly delivered: number
    readonly applied: number
    readonly handshaking: number
  }
  /** By name, then by id. */
  readonly items: readonly MemberConvergence[]
}

export interface ConvergenceTools extends StandingTools {
  readonly state: State
  /** Milliseconds since 1970. */
  readonly now: number
  /** Undefined where that is not worked out yet: then nobody can have been told of it. */
  readonly feed: (node: NodeId) => Feed | undefined
  /** What the agent of a node was sent; undefined while it is not connected. */
  readonly cursor: (node: NodeId) => Cursor | undefined
  /** Of which revision the own record is that it was sent. */
  readonly ownRevision: (node: NodeId) => number
}

export function convergence(network: Network, tools: ConvergenceTools): Convergence {
  const items = [...network.members.values()].map((member) => memberConvergence(network, member, tools))
  const count = (is: (item: MemberConvergence) => boolean) => items.filter(is).length
  const applied = count(({ progress }) => progress === 'applied')
  const online = count(({ progress }) => progress !== 'offline')
  return {
    network: network.id,
    epoch: tools.state.epoch,
    revision: network.revision,
    converged: applied === online,
    members: {
      total: items.length,
      online,
      delivered: count(({ progress }) => progress === 'applied' || progress === 'delivered'),
      applied,
      handshaking: count(({ handshaking }) => handshaking),
    },
    items: items.toSorted((a, b) => compare(a.name, b.name) || compare(a.node, b.node)),
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function memberConvergence(network: Network, member: Member, tools: ConvergenceTools): MemberConvergence {
  const { state, presence, now } = tools
  const { node } = member
  const [feed, cursor] = [tools.feed(node), tools.cursor(node)]
  const standing = presence.standing(node, network.id)
  const known = memberState(network, node, feed, tools)
  const isOwnTold = tools.ownRevision(node) === member.revision
  const progress = known === 'pending' ? wayOf(feed, isOwnTold ? cursor : undefined) : known
  const desired = Math.max(feed?.end.revision ?? network.revision, member.revision)
  const isApplied = progress === 'applied'
  const lastHandshakeAt = standing.lastHandshakeAt ?? Number.NEGATIVE_INFINITY
  return {
    node,
    name: state.nodes.get(node)?.name ?? node,
    progress,
    desiredRevision: desired,
    deliveredRevision: isApplied || progress === 'delivered' ? desired : (cursor?.revision ?? 0),
    appliedRevision: isApplied ? desired : (standing.applied?.revision ?? 0),
    handshaking: known !== 'offline' && now - lastHandshakeAt <= HANDSHAKE_LIFE,
    reason: reasonOf(progress, member, standing),
  }
}

function wayOf(feed: Feed | undefined, cursor: Cursor | undefined): Progress {
  return cursor && feed?.isTold(cursor) ? 'delivered' : 'undelivered'
}

function reasonOf(progress: Progress, { publicKey }: Member, { refused }: Standing): string | undefined {
  switch (progress) {
    case 'applied':
      return undefined
    case 'offline':
      return 'Its agent is not connected; it keeps what it has, and is told the rest when it comes back.'
    case 'refused':
      return `${publicKey ? 'Its agent could not apply it' : 'Its key could not be certified'}: ${refused?.reason ?? 'no reason was given.'}`
    case 'delivered':
      return 'Its agent was sent the latest and has not said yet that it is applied.'
    case 'undelivered':
      return publicKey
        ? 'The latest is worked out, or its connection takes no more at the moment; it gets it as soon as that is over.'
        : 'Its key is not certified yet: its agent has not offered it, or the log does not take it at the moment.'
  }
}
