import type { NodeId } from '../../keys/identity.ts'
import type { Allowance } from '../../model/policy.ts'
import type { Network } from '../../model/state.ts'
import { ways } from '../../topology/candidates.ts'
import { type Apart, explainCarried } from '../../topology/carried.ts'
import { type Explanation, explain, leading } from '../../topology/explain.ts'
import { observedPath } from '../../topology/observed.ts'
import { explainForbidden } from '../../topology/policy/forbidden.ts'
import type { PathKind } from '../../topology/reach.ts'
import type { Standing } from '../presence/presence.ts'
import { Lookout, type Observations } from './lookout.ts'

export type LinkState = 'pending' | 'up' | 'stale' | 'down'

/** What the two ends report of each other; one end is enough. */
export interface LinkObservation {
  readonly state: LinkState
  readonly handshakeAgeSeconds: number | undefined
  /** Received by the first from the second, and sent by the first to the second. */
  readonly rxBytes: number
  readonly txBytes: number
}

/** How two members reach each other: what is observed where there is something to observe, else what will be tried. */
export interface LinkStatus extends LinkObservation {
  readonly path: PathKind | 'none'
  /** The relay of a relayed path. */
  readonly via: NodeId | undefined
  readonly reason: string
}

/** Seconds after which a session without a handshake is dead: REJECT_AFTER_TIME, WireGuard paper section 6.1. */
const HANDSHAKE_LIFE = 180
/** A link without any handshake this many seconds after both ends were ready has failed. */
const PATIENCE = 30

/** Of a link there and back. */
export interface LinkExplanation extends Explanation {
  /** What the first end may open to the second, and the second to the first. */
  readonly opens: readonly [Allowance, Allowance]
}

export function explainLink(network: Network, a: NodeId, b: NodeId, seen: Observations): LinkExplanation {
  return explainWith(new Lookout(network, seen), a, b)
}

export function linkStatus(lookout: Lookout, a: NodeId, b: NodeId): LinkStatus {
  const { directions, sentences } = explainWith(lookout, a, b)
  const told = leading(directions)
  const { inUse, candidates } = directions[told]
  const [first] = candidates.taken
  const planned = { kind: first?.kind ?? ('none' as const), via: first?.via }
  const { kind: path, via } = inUse.kind === 'none' ? planned : inUse
  // The first two say where each direction stands; one of them is enough.
  const reason = sentences.filter((_, at) => at !== 1 - told).join(' ')
  return { path, via, reason, ...observeLink(lookout, a, b) }
}

/** As `linkStatus`, without the reason, which is most of the work: for pictures of thousands of links. */
export function briefStatus(lookout: Lookout, a: NodeId, b: NodeId): LinkStatus {
  const inUse = pathInUse(lookout, a, b) ?? plannedPath(lookout, a, b)
  return { ...inUse, reason: '', ...observeLink(lookout, a, b) }
}

function plannedPath(lookout: Lookout, a: NodeId, b: NodeId): Pick<LinkStatus, 'path' | 'via'> {
  const [first] = lookout.isPair(a, b)
    ? ways(lookout.reach(a), lookout.reach(b), contextOf(lookout, a, b))
    : []
  return { path: first?.kind ?? 'none', via: first?.via }
}

/** What is seen of a link without asking what would be possible: cheap enough to be asked for every pair. */
export function observeLink({ network, seen }: Lookout, a: NodeId, b: NodeId): LinkObservation {
  const { presence, now } = seen
  const ofA = presence.standing(a, network.id)
  const ofB = presence.standing(b, network.id)
  const [fromA, fromB] = [ofA.peers.get(b), ofB.peers.get(a)]
  const handshakeAgeSeconds = lesser(ageOf(ofA, b, now), ageOf(ofB, a, now))
  return {
    state: linkState(handshakeAgeSeconds, network, [a, b], seen),
    handshakeAgeSeconds,
    rxBytes: fromA?.rxBytes ?? fromB?.txBytes ?? 0,
    txBytes: fromA?.txBytes ?? fromB?.rxBytes ?? 0,
  }
}

/** The path in use, as one end or the other reports it; undefined while none is confirmed. */
export function pathInUse(
  lookout: Lookout,
  a: NodeId,
  b: NodeId,
): Pick<LinkStatus, 'path' | 'via'> | undefined {
  const { network, seen } = lookout
  for (const [own, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const standing = seen.presence.standing(own, network.id)
    const age = ageOf(standing, other, seen.now)
    if (age === undefined || age > HANDSHAKE_LIFE) continue
    const endpoint = standing.peers.get(other)?.endpoint
    const path = observedPath(endpoint, lookout.reach(own), lookout.reach(other), lookout.around(own))
    if (path.kind !== 'none') return { path: path.kind, via: path.via }
  }
  return undefined
}

function explainWith(lookout: Lookout, a: NodeId, b: NodeId): LinkExplanation {
  const nameOf = (node: NodeId) => lookout.nameOf(node)
  const { regime } = lookout
  const [one, other] = [lookout.classOf(a), lookout.classOf(b)]
  if (!regime.sees(one, other))
    return { ...explainForbidden({ node: a, ...one }, { node: b, ...other }, nameOf), opens: [[], []] }
  const way = lookout.way(a, b)
  const explanation =
    way.hops?.length === 0
      ? explain(endOf(lookout, a, b), endOf(lookout, b, a), nameOf)
      : explainApart(lookout, { from: a, to: b, shape: lookout.network.topology, way })
  return { ...explanation, opens: [regime.opens(one, other), regime.opens(other, one)] }
}

/** With a word on each link of the way. */
function explainApart(lookout: Lookout, apart: Apart): Explanation {
  const nameOf = (node: NodeId) => lookout.nameOf(node)
  const stations = apart.way.hops ? [apart.from, ...apart.way.hops, apart.to] : []
  const hops = stations.slice(1).map((to, at) => {
    const from = stations[at] ?? to
    const { sentences, ...rest } = explain(endOf(lookout, from, to), endOf(lookout, to, from), nameOf)
    return { ...rest, sentences: sentences.slice(leading(rest.directions)) }
  })
  return explainCarried(apart, hops, nameOf)
}

function endOf(lookout: Lookout, own: NodeId, other: NodeId) {
  const { network, seen } = lookout
  const standing = seen.presence.standing(own, network.id)
  return {
    reach: lookout.reach(own),
    context: contextOf(lookout, own, other),
    endpoint: standing.peers.get(other)?.endpoint,
    handshakeAge: ageOf(standing, other, seen.now),
    isOnline: seen.presence.get(own)?.online ?? false,
    doubts: lookout.troubles(own),
  }
}

function contextOf(lookout: Lookout, own: NodeId, other: NodeId) {
  return { lan: lookout.lan(own, other), ...lookout.around(own) }
}

function linkState(
  age: number | undefined,
  network: Network,
  ends: readonly NodeId[],
  seen: Observations,
): LinkState {
  if (age !== undefined) return age <= HANDSHAKE_LIFE ? 'up' : 'stale'
  const online = ends.every((node) => seen.presence.get(node)?.online)
  if (!online || ends.every((node) => isReady(network, node, seen))) return 'down'
  return 'pending'
}

function ageOf(standing: Standing, peer: NodeId, now: number): number | undefined {
  const age = standing.peers.get(peer)?.handshakeAge
  if (age === undefined || standing.reportedAt === undefined) return undefined
  return age + Math.max(0, Math.round((now - standing.reportedAt) / 1_000))
}

function lesser(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

/** Whether a handshake could long be there, if the path were any good. */
export function isReady(network: Network, node: NodeId, { presence, now }: Observations): boolean {
  const { applied, reportedAt } = presence.standing(node, network.id)
  const since = (now - (network.members.get(node)?.addedAt ?? now)) / 1_000
  return applied !== undefined && reportedAt !== undefined && since > PATIENCE
}
