import { setImmediate as breathe } from 'node:timers/promises'
import { memberPlace } from '../../address/allocation.ts'
import type { NetworkId } from '../../model/names.ts'
import { apartPairs } from './apart.ts'
import type { GraphLink, GraphQuery, NetworkGraph } from './graph.ts'
import { countHeads } from './groups.ts'
import type { History } from './history.ts'
import { pairsOf } from './pairs.ts'
import { count, emptyTally } from './tally.ts'

const USUAL_LINKS = 20_000
const AT_ONCE = 8_192

/** What was wanted at a revision of the past; what was observed then is not kept, so all links are pending. */
export async function pastGraph(
  history: History,
  id: NetworkId,
  revision: number,
  { links: limit = USUAL_LINKS, apart = false }: Pick<GraphQuery, 'links' | 'apart'> = {},
): Promise<NetworkGraph> {
  const { state, network } = await history.at(id, revision)
  const counts = emptyTally()
  const links: GraphLink[] = []
  for (const [a, b] of pairsOf(network, state).all()) {
    count(counts, 'pending')
    if (links.length < limit) links.push({ a, b, ...UNKNOWN })
    if (counts.links % AT_ONCE === 0) await breathe()
  }
  const members = [...network.members.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1))
  const nodes = members.map(({ node, slot }) => {
    const { name = node, roles = [], labels = {} } = state.nodes.get(node) ?? {}
    const { ipv4, ipv6 } = memberPlace(network, slot)
    return { id: node, name, roles, labels, ipv4, ipv6, ...UNSEEN, desiredRevision: network.revision }
  })
  return {
    network: id,
    epoch: state.epoch,
    revision: network.revision,
    sequence: state.sequence,
    observed: false,
    nodes,
    links,
    counts,
    omitted: counts.links - links.length,
    between: [],
    groups: [],
    apart: apart ? apartPairs(network, state, nodes) : [],
    members: countHeads(nodes),
  }
}

const UNSEEN = { online: false, state: 'offline', appliedRevision: 0, problems: [] } as const

const UNKNOWN = {
  path: 'none',
  via: undefined,
  reason: 'It was wanted so; what was observed at that time is not kept.',
  state: 'pending',
  handshakeAgeSeconds: undefined,
  rxBytes: 0,
  txBytes: 0,
} as const
