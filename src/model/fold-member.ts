import { Map as ImmutableMap } from 'immutable'
import type { NodeId } from '../keys/identity.ts'
import { type EventOf, known, withNetwork } from './fold.ts'
import { dropFromIndex } from './fold-index.ts'
import type { NetworkId } from './names.ts'
import type { Member, Slots, State } from './state.ts'

export function addMember(state: State, event: EventOf<'member-added'>): State {
  const network = known(state.networks.get(event.network), event.network)
  const revision = network.revision + 1
  const member: Member = {
    node: event.node,
    slot: event.slot,
    keyVersion: event.keyVersion,
    publicKey: event.publicKey,
    sealedKey: event.sealedKey,
    revision,
    addedAt: event.at,
  }
  const slots = takeSlot(network.slots, event.node, event.slot)
  const networks = state.networksOfNode.get(event.node) ?? ImmutableMap<NetworkId, true>()
  return {
    ...withNetwork(state, {
      ...network,
      revision,
      slots,
      members: network.members.set(event.node, member),
    }),
    memberKeys: event.publicKey ? state.memberKeys.set(event.publicKey, network.id) : state.memberKeys,
    networksOfNode: state.networksOfNode.set(event.node, networks.set(network.id, true)),
  }
}

export function certifyKey(state: State, event: EventOf<'member-key-certified'>): State {
  const network = known(state.networks.get(event.network), event.network)
  const member = known(network.members.get(event.node), event.node)
  const revision = network.revision + 1
  const { publicKey, keyVersion } = event
  const members = network.members.set(event.node, { ...member, publicKey, keyVersion, revision })
  return {
    ...withNetwork(state, { ...network, revision, members }),
    memberKeys: state.memberKeys.deleteAll(keysOf(member)).set(publicKey, network.id),
  }
}

export function removeMember(state: State, event: EventOf<'member-removed'>): State {
  const network = known(state.networks.get(event.network), event.network)
  const member = known(network.members.get(event.node), event.node)
  const revision = network.revision + 1
  const slots: Slots = {
    ...network.slots,
    tombstones: network.slots.tombstones.set(event.node, { slot: member.slot, removedAt: event.at }),
    leftAt: network.slots.leftAt.set(event.node, { epoch: state.epoch, revision }),
  }
  return {
    ...withNetwork(state, { ...network, revision, members: network.members.delete(event.node), slots }),
    memberKeys: state.memberKeys.deleteAll(keysOf(member)),
    networksOfNode: dropFromIndex(state.networksOfNode, event.node, network.id),
  }
}

export function clearTombstones(state: State, event: EventOf<'tombstones-cleared'>): State {
  const network = known(state.networks.get(event.network), event.network)
  const { tombstones, free } = network.slots
  const cleared = event.nodes.map((node) => known(tombstones.get(node), node).slot)
  const slots: Slots = {
    ...network.slots,
    free: [...free, ...cleared].sort((a, b) => a - b),
    tombstones: tombstones.deleteAll(event.nodes),
    leftAt: network.slots.leftAt.deleteAll(event.nodes),
  }
  return withNetwork(state, { ...network, slots })
}

export function keysOf(member: Member) {
  return member.publicKey ? [member.publicKey] : []
}

function takeSlot(slots: Slots, node: NodeId, slot: number): Slots {
  return {
    next: Math.max(slots.next, slot + 1),
    free: slots.free.includes(slot) ? slots.free.filter((other) => other !== slot) : slots.free,
    tombstones: slots.tombstones.delete(node),
    leftAt: slots.leftAt.delete(node),
  }
}
