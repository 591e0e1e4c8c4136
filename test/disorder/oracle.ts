import { memberPlace } from '../../src/address/allocation.ts'
import type { Replica } from '../../src/agent/replica.ts'
import type { Protocol } from '../../src/model/policy.ts'
import type { Member, Network, State } from '../../src/model/state.ts'
import type { Filter } from '../../src/protocol/filter.ts'
import type { ObservedDevice } from '../../src/wireguard/device.ts'
import { lets, type World as Rules, type Someone, twinMayOpen, twinSees } from '../topology/policy/twin.ts'
import type { SimAgent } from './simagent.ts'

/** Packets by which filters are compared: every protocol, and more ports than the policies of these tests speak of. */
const PACKETS = (['tcp', 'udp', 'icmp', 'other'] as const).flatMap((protocol) =>
  Array.from({ length: 14 }, (_, port): [Protocol | 'other', number] => [protocol, port]),
)

/** What one agent has of one network: on its interface, and in its journal, which is written once that is applied. */
export interface Picture {
  readonly publicKey: string | undefined
  readonly addresses: readonly string[]
  readonly own: readonly string[]
  readonly peers: readonly PeerPicture[]
}

interface PeerPicture {
  readonly publicKey: string
  readonly allowedIps: readonly string[]
  /** Which of PACKETS may come in from it, one character each. */
  readonly letsIn: string
  /** Where it can be reached by anybody, and on the own LAN. */
  readonly direct: readonly string[]
  readonly lan: readonly string[]
}

/**
 * What an agent has to have, by what the log says, where the agents are and which ports they have, and nothing else: no
 * feeds, views or classes, only the policy's words about each pair. Undefined for a network that it has to know nothing of.
 */
export function wanted(
  state: State,
  network: Network,
  agent: SimAgent,
  agents: readonly SimAgent[],
): Picture | undefined {
  const own = network.members.get(agent.identity.id)
  if (!own?.publicKey) return undefined
  const { ipv4, ipv6 } = memberPlace(network, own.slot)
  const someone = (id: SimAgent) => personOf(state, id)
  const others = agents.filter((other) => {
    const isMember = network.members.get(other.identity.id)?.publicKey !== undefined
    return other !== agent && isMember && twinSees(network, someone(agent), someone(other))
  })
  const peers = others.flatMap((other): PeerPicture[] => {
    const member = network.members.get(other.identity.id)
    if (!member?.publicKey) return []
    return [
      {
        publicKey: member.publicKey,
        allowedIps: isMesh(network) ? subnetsOf(network, member) : [],
        letsIn: verdicts((...packet) => twinMayOpen(network, someone(other), someone(agent), ...packet)),
        direct: directOf(other, network),
        lan: other.lan === agent.lan ? [`${other.lanAddress}:${other.portIn(network.id)}`] : [],
      },
    ]
  })
  const addresses = [`${ipv4}/32`, `${ipv6}/128`].sort()
  return { publicKey: own.publicKey, addresses, own: directOf(agent, network), peers: peers.sort(byKey) }
}

function directOf(agent: SimAgent, { id }: Network): readonly string[] {
  return agent.isHidden ? [] : [`${agent.address}:${agent.portIn(id)}`]
}

/** What it has. */
export async function found(agent: SimAgent, network: Network): Promise<Picture | undefined> {
  const [device, kept] = [await agent.device(network.id), agent.kept(network.id)]
  if (!device) return undefined
  const addresses = [...device.addresses].sort()
  const own = kept?.reachOf(agent.identity.id).direct ?? []
  const peers = peersOf(isMesh(network) ? device : undefined, kept)
  return { publicKey: device.publicKey, addresses, own, peers: peers.sort(byKey) }
}

/** Where some carry for others, the peers of an interface are those that do: there it is asked whom the agent knows. */
function isMesh({ topology }: Network): boolean {
  return topology === 'mesh'
}

function peersOf(device: ObservedDevice | undefined, kept: Replica | undefined): PeerPicture[] {
  const records = new Map(kept?.others().map((record) => [record.publicKey, record]))
  // Relays that are to see where a member is have no addresses in its network.
  const peers = device
    ? [...device.peers.values()].filter(({ allowedIps }) => allowedIps.length > 0)
    : [...records.keys()].map((publicKey) => ({ publicKey, allowedIps: [] }))
  return peers.map(({ publicKey, allowedIps }) => {
    const record = records.get(publicKey)
    const allowance = record && letsInBy(kept?.filter, record.group)
    return {
      publicKey,
      allowedIps,
      letsIn: verdicts((...packet) => allowance !== undefined && lets(allowance, ...packet)),
      direct: record ? (kept?.reachOf(record.node).direct ?? []) : [],
      lan: record ? (kept?.lanOf(record.node) ?? []) : [],
    }
  })
}

function letsInBy(filter: Filter | undefined, group: Parameters<Filter['groups']['get']>[0]) {
  return filter ? (filter.groups.get(group) ?? filter.others) : 'everything'
}

function verdicts(may: (protocol: Protocol | 'other', port: number) => boolean): string {
  return PACKETS.map((packet) => (may(...packet) ? '+' : '-')).join('')
}

function personOf(state: State, { identity: { id } }: SimAgent): Someone {
  const node = state.nodes.get(id)
  return {
    id,
    project: node?.project ?? ('' as Rules['project']),
    labels: node?.labels ?? {},
    roles: node?.roles ?? [],
  }
}

function subnetsOf(network: Network, { slot }: Member): string[] {
  const { subnetIpv4, subnetIpv6 } = memberPlace(network, slot)
  return [subnetIpv4, subnetIpv6].sort()
}

function byKey(a: { readonly publicKey: string }, b: { readonly publicKey: string }): number {
  return a.publicKey < b.publicKey ? -1 : 1
}
