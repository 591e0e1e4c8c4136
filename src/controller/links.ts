import type { NodeId } from '../keys/identity.ts'
import type { Network, State } from '../model/state.ts'
import { type End, type Explanation, explain, leading } from '../topology/explain.ts'
import { lanEndpoints, lanPlacesOf } from '../topology/lan.ts'
import type { PathKind } from '../topology/reach.ts'
import type { Presence, Standing } from './presence.ts'
import { factsOf, memberReach, overlaysOf, relaysSeenBy, transitOf } from './surroundings.ts'

export interface Observations {
  readonly state: State
  readonly presence: Presence
  /** Milliseconds since 1970. */
  readonly now: number
}

export type LinkState = 'pending' | 'up' | 'stale' | 'down'

/** How two members reach each other: what is observed where there is something to observe, else what will be tried. */
export interface LinkStatus {
  readonly path: PathKind | 'none'
  /** The relay of a relayed path. */
  readonly via: NodeId | undefined
  readonly reason: string
  readonly state: LinkState
  readonly handshakeAgeSeconds: number | undefined
  /** Received by the first from the second, and sent by the first to the second. */
  readonly rxBytes: number
  readonly txBytes: number
}

/** Seconds after which a session without a handshake is dead: REJECT_AFTER_TIME, WireGuard paper section 6.1. */
const HANDSHAKE_LIFE = 180
/** A link without any handshake this many seconds after both ends were ready has failed. */
const PATIENCE = 30

export function explainLink(network: Network, a: NodeId, b: NodeId, seen: Observations): Explanation {
  const nameOf = (node: NodeId) => seen.state.nodes.get(node)?.name ?? node
  return explain(endOf(network, a, b, seen), endOf(network, b, a, seen), nameOf)
}

export function linkStatus(network: Network, a: NodeId, b: NodeId, seen: Observations): LinkStatus {
  const { directions, sentences } = explainLink(network, a, b, seen)
  const told = leading(directions)
  const { inUse, candidates } = directions[told]
  const [first] = candidates.taken
  const planned = { kind: first?.kind ?? ('none' as const), via: first?.via }
  const { kind: path, via } = inUse.kind === 'none' ? planned : inUse
  // The first two say where each direction stands; one of them is enough.
  const reason = sentences.filter((_, at) => at !== 1 - told).join(' ')
  return { path, via, reason, ...observe(network, a, b, seen) }
}

function endOf(network: Network, own: NodeId, other: NodeId, { state, presence, now }: Observations): End {
  const placesOf = (node: NodeId) =>
    lanPlacesOf(factsOf(state, presence, network.id, node), overlaysOf(state, node))
  const standing = presence.standing(own, network.id)
  return {
    reach: memberReach(state, presence, network.id, own),
    context: {
      lan: lanEndpoints(placesOf(own), placesOf(other)),
      relays: relaysSeenBy(state, presence, own),
      transitPrefix: transitOf(state)?.ipv6,
    },
    endpoint: standing.peers.get(other)?.endpoint,
    handshakeAge: ageOf(standing, other, now),
  }
}

/** What the two ends report of each other; one end is enough. */
function observe(network: Network, a: NodeId, b: NodeId, seen: Observations) {
  const { presence, now } = seen
  const ofA = presence.standing(a, network.id)
  const ofB = presence.standing(b, network.id)
  const [fromA, fromB] = [ofA.peers.get(b), ofB.peers.get(a)]
  const ages = [ageOf(ofA, b, now), ageOf(ofB, a, now)].filter((age) => age !== undefined)
  const handshakeAgeSeconds = ages.length > 0 ? Math.min(...ages) : undefined
  const online = [a, b].every((node) => presence.get(node)?.online)
  const ready = [a, b].every((node) => isReady(network, node, seen))
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
function isReady(network: Network, node: NodeId, { presence, now }: Observations): boolean {
  const { applied, reportedAt } = presence.standing(node, network.id)
  const since = (now - (network.members.get(node)?.addedAt ?? now)) / 1_000
  return applied !== undefined && reportedAt !== undefined && since > PATIENCE
}
