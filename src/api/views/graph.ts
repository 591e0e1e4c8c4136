import type { GraphLink, GraphNode, NetworkGraph } from '../../controller/graph/graph.ts'
import type { GraphPatch as PatchState } from '../../controller/graph/watch.ts'
import type { Graph, GraphPatch } from '../schemas/graph.ts'

/** A peer graph as REST shows it: what is not known is null, so that every link has the same fields. */
export function graphView(
  graph: NetworkGraph,
  { brief = false, members = true }: { readonly brief?: boolean; readonly members?: boolean } = {},
): Graph {
  const { nodes, links, counts, between, groups, apart, ...rest } = graph
  return {
    ...rest,
    nodes: members ? nodes.map(nodeView) : [],
    members: { ...graph.members },
    links: links.map((link) => linkView(link, brief)),
    counts: { ...counts },
    between: between.map(({ a, b, tally }) => ({ a, b, ...tally })),
    groups: [...groups],
    apart: [...apart],
  }
}

/** What changed on a graph; the reasons are asked for link by link. */
export function patchView({ nodes, gone, links, ...rest }: PatchState): GraphPatch {
  return {
    ...rest,
    nodes: nodes.map(nodeView),
    gone: [...gone],
    links: links.map((link) => linkView(link, true)),
  }
}

function nodeView({ roles, problems, ...node }: GraphNode): Graph['nodes'][number] {
  return { ...node, roles: [...roles], problems: [...problems] }
}

function linkView({ via, reason, handshakeAgeSeconds, ...link }: GraphLink, brief: boolean) {
  return {
    ...link,
    reason: brief ? '' : reason,
    via: via ?? null,
    handshakeAgeSeconds: handshakeAgeSeconds ?? null,
  }
}
