import { chooseSlot, slotCount } from '../../address/allocation.ts'
import { overlaps } from '../../address/cidr.ts'
import { WeftError } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import { KeyStock } from '../../keys/stock.ts'
import { type PublicKey, parsePublicKey } from '../../keys/wireguard.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import { memberKeyPlace } from '../../model/place.ts'
import type { Network, Node, State } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'

const DAY = 86_400_000
/** Networks of a node: what an agent says of them when it comes back has to fit one frame of 64 KiB. */
const MOST_NETWORKS = 200

/** Decides that a node becomes a member: its place and, with custody `controller`, its sealed key, of those made ahead. */
export function addMember(
  state: State,
  tools: Tools,
  networkId: NetworkId,
  nodeId: NodeId,
  keys = new KeyStock(),
): Decision<NodeId> {
  const network = known(state.networks.get(networkId))
  const node = known(state.nodes.get(nodeId))
  if (network.members.has(nodeId)) {
    throw new WeftError('already-exists', `${node.name} is a member of ${network.name} already.`, {
      field: 'node',
    })
  }
  assertRoom(state, node)
  assertRoutable(state, network, node)
  const { slot, clear } = choosePlace(network, nodeId, tools)
  // The revision that this event will make: never twice in a network, so no key that was removed is ever derived again.
  const keyVersion = network.revision + 1
  const place = memberKeyPlace(networkId, nodeId, keyVersion)
  const key = network.keyCustody === 'controller' ? keys.issue(node.sealingKey, place) : {}
  const added: Event = {
    type: 'member-added',
    network: networkId,
    node: nodeId,
    slot,
    keyVersion,
    at: tools.now,
    ...key,
  }
  const cleared: Event[] =
    clear.length > 0 ? [{ type: 'tombstones-cleared', network: networkId, nodes: clear }] : []
  return { events: [...cleared, added], result: nodeId }
}

/** Decides that a member is one no longer. Its place stays reserved for its return for a while. */
export function removeMember(_state: State, tools: Tools, network: NetworkId, node: NodeId): Decision<void> {
  return { events: [{ type: 'member-removed', network, node, at: tools.now }], result: undefined }
}

/** Decides to certify the public key that a node derived for itself (custody `node`). No events when it is certified. */
export function certifyMemberKey(
  state: State,
  network: NetworkId,
  node: NodeId,
  offered: { readonly keyVersion: number; readonly publicKey: string },
): Decision<void> {
  const member = state.networks.get(network)?.members.get(node)
  const publicKey = parsePublicKey(offered.publicKey)
  if (!member || !publicKey || state.networks.get(network)?.keyCustody !== 'node') {
    throw new WeftError('protocol-error', 'A key was offered that nobody asked for.')
  }
  if (member.publicKey === publicKey) return { events: [], result: undefined }
  assertUnused(state, publicKey)
  if (offered.keyVersion !== member.keyVersion || member.publicKey) {
    throw new WeftError('protocol-error', 'The offered key is not of the version that was asked for.')
  }
  const { keyVersion } = member
  return {
    events: [{ type: 'member-key-certified', network, node, keyVersion, publicKey }],
    result: undefined,
  }
}

function assertRoom(state: State, { id, name }: Node): void {
  if ((state.networksOfNode.get(id)?.size ?? 0) < MOST_NETWORKS) return
  throw new WeftError('conflict', `${name} is in ${MOST_NETWORKS} networks, which is as many as can be.`, {
    field: 'node',
    advice: 'Remove it from one first, or let policies part what these networks part.',
  })
}

/** Networks of one project never overlap; one that is shared may overlap what the node is in already. */
function assertRoutable(state: State, network: Network, node: Node): void {
  for (const id of state.networksOfNode.get(node.id)?.keys() ?? []) {
    const other = state.networks.get(id)
    if (!other || other.project === network.project) continue
    if (!overlaps(other.ipv4, network.ipv4) && !overlaps(other.ipv6, network.ipv6)) continue
    throw new WeftError(
      'range-overlap',
      `${node.name} is in ${other.name} (${other.ipv4}), which overlaps ${network.name} (${network.ipv4}).`,
      {
        field: 'node',
        advice: 'A node cannot be in both; take another node, or a network of another range.',
      },
    )
  }
}

function choosePlace(network: Network, node: NodeId, tools: Tools) {
  const limit = slotCount(network.ipv4, network.nodePrefixLength)
  const tombstoneAge = tools.settings.tombstoneDays * DAY
  const choice = chooseSlot(network.slots, node, { now: tools.now, tombstoneAge, limit })
  if (choice) return choice
  throw new WeftError(
    'range-exhausted',
    `All ${limit} places of ${network.name} (${network.ipv4}) are taken.`,
    {
      field: 'node',
      advice: 'Remove members (their places are free again after tombstoneDays), or make a larger network.',
    },
  )
}

function assertUnused(state: State, publicKey: PublicKey): void {
  if (!state.memberKeys.has(publicKey)) return
  throw new WeftError('already-exists', 'The offered key is in use by another member.')
}

function known<Value>(value: Value | undefined): Value {
  if (value !== undefined) return value
  throw new WeftError('not-found', 'The network or node does not exist any more.')
}
