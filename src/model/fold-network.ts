import { Map as ImmutableMap } from 'immutable'
import type { NodeId } from '../keys/identity.ts'
import { type EventOf, known, withNetwork } from './fold.ts'
import { addName, dropFromIndex, dropName } from './fold-index.ts'
import { keysOf } from './fold-member.ts'
import type { NetworkId, ProjectId } from './names.ts'
import { OPEN_POLICY } from './policy.ts'
import type { Member, Network, Slots, State } from './state.ts'

export function createNetwork(state: State, event: EventOf<'network-created'>): State {
  const { type: _, at: createdAt, ...given } = event
  const network: Network = {
    ...given,
    createdAt,
    grants: ImmutableMap<ProjectId, true>(),
    revision: 1,
    policy: OPEN_POLICY,
    policyRevision: 0,
    members: ImmutableMap<NodeId, Member>(),
    slots: NO_SLOTS,
  }
  return {
    ...state,
    networks: state.networks.set(network.id, network),
    transit: network.topology === 'transit' ? network.id : state.transit,
    networksByName: addName(state.networksByName, network),
  }
}

export function deleteNetwork(state: State, { id }: EventOf<'network-deleted'>): State {
  const network = known(state.networks.get(id), id)
  return {
    ...state,
    networks: state.networks.delete(id),
    deletedNetworks: state.deletedNetworks.set(id, true),
    networksByName: dropName(state.networksByName, network),
    sharedNetworks: network.grants.reduce(
      (index, _, project) => dropFromIndex(index, project, id),
      state.sharedNetworks,
    ),
    memberKeys: state.memberKeys.deleteAll([...network.members.values()].flatMap(keysOf)),
    networksOfNode: network.members.reduce(
      (index, _, node) => dropFromIndex(index, node, id),
      state.networksOfNode,
    ),
  }
}

export function shareNetwork(state: State, { network: id, project }: EventOf<'network-shared'>): State {
  const network = known(state.networks.get(id), id)
  const shared = state.sharedNetworks.get(project) ?? ImmutableMap<NetworkId, true>()
  return {
    ...withNetwork(state, { ...network, grants: network.grants.set(project, true) }),
    sharedNetworks: state.sharedNetworks.set(project, shared.set(id, true)),
  }
}

/** Nodes of that project were taken out of the network by events before this one. */
export function unshareNetwork(state: State, { network: id, project }: EventOf<'network-unshared'>): State {
  const network = known(state.networks.get(id), id)
  return {
    ...withNetwork(state, { ...network, grants: network.grants.delete(project) }),
    sharedNetworks: dropFromIndex(state.sharedNetworks, project, id),
  }
}

const NO_SLOTS: Slots = { next: 1, free: [], tombstones: ImmutableMap(), leftAt: ImmutableMap() }
