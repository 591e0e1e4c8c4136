import type { NetworkGraph } from '../../controller/graph.ts'
import type { Graph } from '../schemas/graph.ts'

/** A peer graph as REST shows it: what is not known is null, so that every link has the same fields. */
export function graphView({ network, epoch, revision, nodes, links }: NetworkGraph): Graph {
  return {
    network,
    epoch,
    revision,
    nodes: nodes.map((node) => ({ ...node, roles: [...node.roles] })),
    links: links.map(({ via, handshakeAgeSeconds, ...link }) => ({
      ...link,
      via: via ?? null,
      handshakeAgeSeconds: handshakeAgeSeconds ?? null,
    })),
  }
}
