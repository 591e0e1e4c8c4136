import type { Cidr } from '../../address/cidr.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import { ENDPOINT_LABEL, type Network, SITE_LABEL, type State } from '../../model/state.ts'
import type { Hint } from '../../protocol/frames.ts'
import { type NodeFacts, reachOf, type Witness } from '../../topology/distil.ts'
import { doubtsOf, quoted } from '../../topology/doubts.ts'
import { isPort } from '../../topology/endpoint.ts'
import type { Reach, RelayView } from '../../topology/reach.ts'
import type { NodeReport } from './facts.ts'
import type { Presence } from './presence.ts'

/** What the engine is told of a member: its report, what relays witnessed of it, and what the operator said. */
export function factsOf(state: State, presence: Presence, network: NetworkId, node: NodeId): NodeFacts {
  const report = presence.get(node)?.report
  const labels = state.nodes.get(node)?.labels ?? {}
  return {
    node,
    addresses: report?.addresses ?? [],
    port: report?.ports.get(network),
    mtu: report?.mtu,
    witnessed: witnessesOf(state, presence, network, node),
    seenFrom: report?.seenFrom,
    site: labels[SITE_LABEL] ?? '',
    forwarded: labels[ENDPOINT_LABEL],
    transitSlot: transitOf(state)?.members.get(node)?.slot,
    clockAhead: report?.clockAhead,
  }
}

/** Ranges that no underlay address can be in: those of the networks of this node, and of the transit. */
export function overlaysOf(state: State, node: NodeId): readonly Cidr[] {
  const networks = [...(state.networksOfNode.get(node)?.keys() ?? [])].map((id) => state.networks.get(id))
  return networks.flatMap((network) => (network ? [network.ipv4, network.ipv6] : []))
}

export function memberReach(state: State, presence: Presence, network: NetworkId, node: NodeId): Reach {
  return reachOf(factsOf(state, presence, network, node), overlaysOf(state, node))
}

/** What is wrong with a member, in sentences: what was reported of it and cannot be, and what it, we or its disk refused. */
export function troublesOf(
  { state, presence, now }: Watched,
  network: NetworkId,
  node: NodeId,
): readonly string[] {
  const call = (id: NodeId) => state.nodes.get(id)?.name ?? id
  const { refused } = presence.standing(node, network)
  const disk = presence.get(node)?.report.disk
  return [
    ...(refused ? [`${call(node)} has not applied what is wanted: ${refused.reason}`] : []),
    ...(disk === undefined
      ? []
      : [
          `${call(node)} cannot keep what it is told, by its disk: ${quoted(disk)}. What is applied there goes on; after a restart its agent begins with what it kept before.`,
        ]),
    ...(takesTurns(presence.get(node)?.takenOverAt, now)
      ? [
          `${call(node)} is connected by turns from two machines: one has a copy of the other's state directory.`,
        ]
      : []),
    ...doubtsAbout({ state, presence }, network, node, call),
  ]
}

/** Of each report by network: a picture of 10,000 members asks for all, and hardly any of them has changed. */
const doubtsKnown = new WeakMap<NodeReport, Map<NetworkId, Doubts>>()

interface Doubts {
  /** All that they follow from, beside the report. */
  readonly from: string
  readonly doubts: readonly string[]
}

function doubtsAbout(
  { state, presence }: Pick<Watched, 'state' | 'presence'>,
  network: NetworkId,
  node: NodeId,
  call: (id: NodeId) => string,
): readonly string[] {
  const report = presence.get(node)?.report
  const facts = factsOf(state, presence, network, node)
  const overlays = overlaysOf(state, node)
  if (!report) return doubtsOf(facts, overlays, call)
  const seen = facts.witnessed.map(({ relay, endpoint }) => `${call(relay)} ${endpoint}`)
  const from = [call(node), facts.forwarded, ...overlays, ...seen].join()
  const byNetwork = doubtsKnown.get(report) ?? new Map<NetworkId, Doubts>()
  const known = byNetwork.get(network)
  if (known?.from === from) return known.doubts
  const doubts = doubtsOf(facts, overlays, call)
  doubtsKnown.set(report, byNetwork.set(network, { from, doubts }))
  return doubts
}

interface Watched {
  readonly state: State
  readonly presence: Presence
  /** Milliseconds since 1970. */
  readonly now: number
}

/** So many sessions in a row within so many ms that each ended another one are no node that moves. */
const TURNS = 3
const TURNS_WITHIN = 120_000

function takesTurns(takenOverAt: readonly number[] = [], now: number): boolean {
  return takenOverAt.filter((at) => Math.abs(now - at) < TURNS_WITHIN).length >= TURNS
}

const USUAL_MTU = 1_500

/**
 * What others are told of where a member is. Undefined while it has no port for the network: nobody could send to it, and all
 * would be told again in a moment. What was told before it lost one stands until it has the next.
 */
export function hintOf(state: State, presence: Presence, network: NetworkId, node: NodeId): Hint | undefined {
  const facts = factsOf(state, presence, network, node)
  return isPort(facts.port) ? toHint(reachOf(facts, overlaysOf(state, node))) : undefined
}

/** Without what is usual. */
function toHint({ node, direct, outside, nat, families, transit, mtu }: Reach): Hint {
  return {
    node,
    direct: [...direct],
    ...(outside !== undefined && { outside }),
    ...(nat !== 'unknown' && { nat }),
    ...(families.length !== 2 && { families: [...families] }),
    ...(transit && { transit }),
    ...(mtu !== USUAL_MTU && { mtu }),
  }
}

/** All relays, as a node sees them; those of which it said nothing count as dead. */
export function relaysSeenBy(state: State, presence: Presence, node: NodeId): RelayView[] {
  const reports = new Map(presence.get(node)?.report.relays.map((relay) => [relay.node, relay]))
  return relaysOf(state).map(({ node: relay, slot }) => {
    const seen = reports.get(relay)
    return { node: relay, slot, alive: seen?.alive ?? false, rtt: seen?.rtt }
  })
}

export function transitOf(state: State): Network | undefined {
  return state.transit && state.networks.get(state.transit)
}

function relaysOf(state: State) {
  const members = [...(transitOf(state)?.members.values() ?? [])]
  return members.filter(({ node }) => state.nodes.get(node)?.roles.includes('relay'))
}

/** Only relays are believed, and only while they are relays. */
function witnessesOf(state: State, presence: Presence, network: NetworkId, node: NodeId): Witness[] {
  const seen = [...presence.testimony.of(network, node)]
  return seen
    .filter(([relay]) => state.nodes.get(relay)?.roles.includes('relay'))
    .map(([relay, endpoint]) => ({ relay, endpoint }))
}
