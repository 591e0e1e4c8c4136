import { setImmediate as breathe } from 'node:timers/promises'
import { memberPlace } from '../../address/allocation.ts'
import type { Address } from '../../address/cidr.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { Labels, Member, Network, Role } from '../../model/state.ts'
import { troublesOf } from '../presence/surroundings.ts'
import type { MemberState } from '../push/standing.ts'
import { type ApartPair, apartPairs } from './apart.ts'
import { assertFew, countHeads, type GraphGroup, groupOf, groupsOf, type HeadCount } from './groups.ts'
import { briefStatus, type LinkStatus, linkStatus } from './links.ts'
import { Lookout, type Observations } from './lookout.ts'
import type { Pair } from './pairs.ts'
import { type GroupPair, survey } from './survey.ts'
import type { Tally } from './tally.ts'

export interface GraphNode {
  readonly id: NodeId
  readonly name: string
  readonly online: boolean
  readonly state: MemberState
  readonly roles: readonly Role[]
  readonly labels: Labels
  readonly ipv4: Address
  readonly ipv6: Address
  readonly desiredRevision: number
  readonly appliedRevision: number
  /** What is wrong with it, in sentences. */
  readonly problems: readonly string[]
}

export interface GraphLink extends LinkStatus {
  readonly a: NodeId
  readonly b: NodeId
}

export interface NetworkGraph {
  readonly network: string
  readonly epoch: number
  readonly revision: number
  /** Of the log: what came later is not in this picture. */
  readonly sequence: number
  /** False for a picture of the past: what was observed is not kept. */
  readonly observed: boolean
  readonly nodes: readonly GraphNode[]
  readonly links: readonly GraphLink[]
  readonly counts: Tally
  /** Links that were asked for and do not stand in `links`. */
  readonly omitted: number
  /** With `by`: links within and between groups. */
  readonly between: readonly GroupPair[]
  /** With `by`: the groups, also those whose members are not listed. */
  readonly groups: readonly GraphGroup[]
  /** With `apart`: pairs that no link joins. */
  readonly apart: readonly ApartPair[]
  /** How all members are, also those that are not listed. */
  readonly members: HeadCount
}

/** Which links are wanted one by one; all are counted. */
export interface GraphQuery {
  readonly links?: number | undefined
  /** Only those of this member. */
  readonly of?: NodeId | undefined
  /** The name of a label, by which members are grouped. */
  readonly by?: string | undefined
  /** Only members of groups of these names, and links between them. */
  readonly within?: readonly string[] | undefined
  /** Whether pairs that no link joins are wanted, too. */
  readonly apart?: boolean | undefined
  /** Whether the reasons of links are not wanted. */
  readonly brief?: boolean | undefined
}

export interface GraphTools extends Observations {
  readonly stateOf: (network: Network, node: NodeId) => MemberState
}

/** Links that are told one by one unless more are asked for: all of a mesh of 200. */
const USUAL_LINKS = 20_000
/** Nodes, and links, described between two turns of others. */
const AT_ONCE = 200

/** Intent and observation of a network on one picture. */
export async function networkGraph(
  network: Network,
  query: GraphQuery,
  tools: GraphTools,
): Promise<NetworkGraph> {
  const lookout = new Lookout(network, tools)
  const { by } = query
  const labelOf = (node: NodeId) =>
    by === undefined ? '' : groupOf(tools.state.nodes.get(node)?.labels ?? {}, by)
  if (by !== undefined) assertFew(new Set([...network.members.keys()].map(labelOf)).size, by)
  const within = query.within && new Set(query.within)
  const { total, between, pairs, omitted } = await survey(lookout, {
    limit: query.links ?? USUAL_LINKS,
    of: query.of,
    within,
    groupOf: labelOf,
  })
  const members = [...network.members.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1))
  const all = await allNodes(network, members, tools)
  const nodes = within ? all.filter(({ id }) => within.has(labelOf(id))) : all
  return {
    network: network.id,
    epoch: tools.state.epoch,
    revision: network.revision,
    sequence: tools.state.sequence,
    observed: true,
    nodes,
    links: await describeAll(lookout, pairs, query.brief ? briefStatus : linkStatus),
    counts: total,
    omitted,
    between: by === undefined ? [] : between,
    groups: by === undefined ? [] : groupsOf(all, by),
    apart: query.apart ? apartPairs(network, tools.state, nodes) : [],
    members: countHeads(all),
  }
}

async function allNodes(
  network: Network,
  members: readonly Member[],
  tools: GraphTools,
): Promise<GraphNode[]> {
  const nodes: GraphNode[] = []
  for (const member of members) {
    nodes.push(graphNode(network, member, tools))
    if (nodes.length % AT_ONCE === 0) await breathe()
  }
  return nodes
}

async function describeAll(
  lookout: Lookout,
  pairs: readonly Pair[],
  describe: typeof linkStatus,
): Promise<GraphLink[]> {
  const links: GraphLink[] = []
  for (const [a, b] of pairs) {
    links.push({ a, b, ...describe(lookout, a, b) })
    if (links.length % AT_ONCE === 0) await breathe()
  }
  return links
}

/** A member as a picture shows it. */
export function graphNode(
  network: Network,
  member: Member,
  { state, presence, now, stateOf }: GraphTools,
): GraphNode {
  const { ipv4, ipv6 } = memberPlace(network, member.slot)
  const node = state.nodes.get(member.node)
  return {
    id: member.node,
    name: node?.name ?? member.node,
    online: presence.get(member.node)?.online ?? false,
    state: stateOf(network, member.node),
    roles: node?.roles ?? [],
    labels: node?.labels ?? {},
    ipv4,
    ipv6,
    desiredRevision: network.revision,
    appliedRevision: presence.standing(member.node, network.id).applied?.revision ?? 0,
    problems: troublesOf({ state, presence, now }, network.id, member.node),
  }
}
