import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import { AppliedPosition, PeerReport } from '../../protocol/frames.ts'
import { type NodeReport, parseReport, reportText } from './facts.ts'
import type { NodePresence, Standing } from './presence.ts'

/** One session, as the replica says that has it. */
interface SharedSession {
  /** Of two sessions of a node the one with the higher number is the newer. */
  readonly order: number
  /** When the agent was last heard of, milliseconds since 1970. */
  readonly at: number
  readonly report: NodeReport
  readonly standings: ReadonlyMap<NetworkId, Standing>
}

/** Peers of whom a report is passed on, for each network: the rest is known where the agent is connected. */
const PEERS_SHARED = 32

/** Checked, for it may come from a replica of another release: what it cannot say in this form is not known here. */
const shape = Compile(
  Type.Object({
    order: Type.Number(),
    at: Type.Number(),
    report: Type.String(),
    standings: Type.Array(
      Type.Tuple([
        Type.String(),
        Type.Object({
          applied: Type.Optional(AppliedPosition),
          took: Type.Optional(Type.Number()),
          refused: Type.Optional(Type.Object({ code: Type.String(), reason: Type.String() })),
          peers: Type.Array(Type.Tuple([Type.String(), PeerReport])),
          lastHandshakeAt: Type.Optional(Type.Number()),
          reportedAt: Type.Optional(Type.Number()),
          drift: Type.Array(Type.String()),
        }),
      ]),
    ),
  }),
)

/** @param hasAnswered whether what the agent says it has applied is its answer to the latest that it is to be told of a network */
export function sessionText(
  order: number,
  { lastSeenAt, report, standings }: NodePresence,
  hasAnswered: (network: NetworkId) => boolean,
): string {
  return JSON.stringify({
    order,
    at: lastSeenAt ?? 0,
    report: reportText(report),
    standings: [...standings].map(([network, { applied, ...standing }]) => [
      network,
      {
        ...(applied && hasAnswered(network) && { applied }),
        ...{ ...standing, peers: [...standing.peers].slice(0, PEERS_SHARED) },
      },
    ]),
  })
}

/** Undefined for a text that is none of `sessionText`. */
export function parseSession(text: string): SharedSession | undefined {
  const value = parsed(text)
  if (!shape.Check(value)) return undefined
  const report = parseReport(value.report)
  const standings = value.standings.map(([network, { peers, ...standing }]) => {
    const byNode = new Map(peers.map(([node, peer]) => [node as NodeId, peer] as const))
    return [network as NetworkId, { ...(standing as Omit<Standing, 'peers'>), peers: byNode }] as const
  })
  return report && { order: value.order, at: value.at, report, standings: new Map(standings) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
