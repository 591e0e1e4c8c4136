import { Map as ImmutableMap } from 'immutable'
import { WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Event } from './event.ts'
import { type EventOf, known, renew, withNetwork } from './fold.ts'
import { setLabels, setPolicy } from './fold-policy.ts'
import { addWebhook, changeWebhook, disableWebhook, removeWebhook } from './fold-webhook.ts'
import type { NetworkId, ProjectId } from './names.ts'
import { OPEN_POLICY } from './policy.ts'
import type { Member, NameIndex, Network, Slots, State } from './state.ts'

/**
 * The fold: the state after `event`. Pure, and total over what commands write; an event that does not fit the state
 * means that the log is not ours and throws `log-damaged`, one of a later release throws `unsupported`. `sequence` is moved by
 * the caller, once for an entry.
 */
export function apply(state: State, event: Event): State {
  switch (event.type) {
    case 'controller-initialised': {
      const { type: _, epoch, ...authority } = event
      return { ...state, epoch, authority }
    }
    case 'epoch-raised':
      return { ...state, epoch: event.epoch }
    case 'project-created':
      return createProject(state, event)
    case 'project-deleted':
      return deleteProject(state, event)
    case 'api-token-created':
      return addApiToken(state, event)
    case 'api-token-revoked':
      return revokeApiToken(state, event)
    case 'join-token-created':
      return addJoinToken(state, event)
    case 'join-token-revoked':
      return revokeJoinToken(state, event)
    case 'join-token-used':
      return useJoinToken(state, event)
    case 'node-enrolled':
      return enrolNode(state, event)
    case 'node-roles-set':
      return setRoles(state, event)
    case 'node-labels-set':
      return setLabels(state, event)
    case 'node-removed':
      return removeNode(state, event)
    case 'network-created':
      return createNetwork(state, event)
    case 'network-deleted':
      return deleteNetwork(state, event)
    case 'network-shared':
      return shareNetwork(state, event)
    case 'network-unshared':
      return unshareNetwork(state, event)
    case 'network-policy-set':
      return setPolicy(state, event)
    case 'member-added':
      return addMember(state, event)
    case 'member-key-certified':
      return certifyKey(state, event)
    case 'member-removed':
      return removeMember(state, event)
    case 'tombstones-cleared':
      return clearTombstones(state, event)
    case 'webhook-created':
      return addWebhook(state, event)
    case 'webhook-changed':
      return changeWebhook(state, event)
    case 'webhook-disabled':
      return disableWebhook(state, event)
    case 'webhook-deleted':
      return removeWebhook(state, event)
    default:
      throw unknownEvent(event satisfies never)
  }
}

/** A later release wrote it. To go on without it would be to serve another state than the other controllers. */
function unknownEvent({ type }: { readonly type: string }): WeftError {
  const message = `The log has an event that this release does not know: ${String(type).slice(0, 60)}.`
  return new WeftError('unsupported', message, { advice: 'Run the release that wrote it, or a later one.' })
}

/** The state after a whole log entry. */
export function applyEntry(
  state: State,
  entry: { readonly sequence: number; readonly events: readonly Event[] },
): State {
  return { ...entry.events.reduce(apply, state), sequence: entry.sequence }
}

function createProject(state: State, { id, name, at: createdAt }: EventOf<'project-created'>): State {
  return {
    ...state,
    projects: state.projects.set(id, { id, name, createdAt }),
    projectsByName: state.projectsByName.set(name, id),
  }
}

/** What it owned, and what was shared with it, was taken away by events before this one. */
function deleteProject(state: State, { id }: EventOf<'project-deleted'>): State {
  const project = known(state.projects.get(id), id)
  return {
    ...state,
    projects: state.projects.delete(id),
    projectsByName: state.projectsByName.delete(project.name),
  }
}

function addApiToken(state: State, event: EventOf<'api-token-created'>): State {
  const { type: _, at: createdAt, project, scopes, expiresAt, person, ...given } = event
  const token = { ...given, project, scopes, expiresAt, person, createdAt }
  return {
    ...state,
    apiTokens: state.apiTokens.set(token.id, token),
    apiTokensByHash: state.apiTokensByHash.set(token.hash, token.id),
  }
}

function revokeApiToken(state: State, { id }: EventOf<'api-token-revoked'>): State {
  const token = known(state.apiTokens.get(id), id)
  return {
    ...state,
    apiTokens: state.apiTokens.delete(id),
    apiTokensByHash: state.apiTokensByHash.delete(token.hash),
  }
}

function addJoinToken(state: State, event: EventOf<'join-token-created'>): State {
  const { type: _, at: createdAt, ...token } = event
  return {
    ...state,
    joinTokens: state.joinTokens.set(token.id, { ...token, createdAt }),
    joinTokensByHash: state.joinTokensByHash.set(token.hash, token.id),
  }
}

function revokeJoinToken(state: State, { id }: EventOf<'join-token-revoked'>): State {
  const token = known(state.joinTokens.get(id), id)
  return {
    ...state,
    joinTokens: state.joinTokens.delete(id),
    joinTokensByHash: state.joinTokensByHash.delete(token.hash),
  }
}

function useJoinToken(state: State, { id }: EventOf<'join-token-used'>): State {
  const token = known(state.joinTokens.get(id), id)
  return { ...state, joinTokens: state.joinTokens.set(id, { ...token, uses: token.uses - 1 }) }
}

function enrolNode(state: State, event: EventOf<'node-enrolled'>): State {
  const { type: _, at: enrolledAt, ...node } = event
  return {
    ...state,
    nodes: state.nodes.set(node.id, { ...node, roles: [], enrolledAt }),
    nodesByName: addName(state.nodesByName, node),
    removedNodes: state.removedNodes.delete(node.id),
  }
}

/** Roles stand in the records of all its memberships, so these change too. */
function setRoles(state: State, { id, roles }: EventOf<'node-roles-set'>): State {
  const node = known(state.nodes.get(id), id)
  const changed = { ...state, nodes: state.nodes.set(id, { ...node, roles }) }
  return [...(state.networksOfNode.get(id)?.keys() ?? [])].reduce(
    (then, network) => renew(then, network, id),
    changed,
  )
}

/** Its memberships were removed by events before this one. */
function removeNode(state: State, { id }: EventOf<'node-removed'>): State {
  const node = known(state.nodes.get(id), id)
  return {
    ...state,
    nodes: state.nodes.delete(id),
    nodesByName: dropName(state.nodesByName, node),
    removedNodes: state.removedNodes.set(id, true),
    networksOfNode: state.networksOfNode.delete(id),
  }
}

const NO_SLOTS: Slots = { next: 1, free: [], tombstones: ImmutableMap() }

function createNetwork(state: State, event: EventOf<'network-created'>): State {
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

function deleteNetwork(state: State, { id }: EventOf<'network-deleted'>): State {
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

function shareNetwork(state: State, { network: id, project }: EventOf<'network-shared'>): State {
  const network = known(state.networks.get(id), id)
  const shared = state.sharedNetworks.get(project) ?? ImmutableMap<NetworkId, true>()
  return {
    ...withNetwork(state, { ...network, grants: network.grants.set(project, true) }),
    sharedNetworks: state.sharedNetworks.set(project, shared.set(id, true)),
  }
}

/** Nodes of that project were taken out of the network by events before this one. */
function unshareNetwork(state: State, { network: id, project }: EventOf<'network-unshared'>): State {
  const network = known(state.networks.get(id), id)
  return {
    ...withNetwork(state, { ...network, grants: network.grants.delete(project) }),
    sharedNetworks: dropFromIndex(state.sharedNetworks, project, id),
  }
}

function addMember(state: State, event: EventOf<'member-added'>): State {
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

function certifyKey(state: State, event: EventOf<'member-key-certified'>): State {
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

function removeMember(state: State, event: EventOf<'member-removed'>): State {
  const network = known(state.networks.get(event.network), event.network)
  const member = known(network.members.get(event.node), event.node)
  const tombstones = network.slots.tombstones.set(event.node, { slot: member.slot, removedAt: event.at })
  return {
    ...withNetwork(state, {
      ...network,
      revision: network.revision + 1,
      members: network.members.delete(event.node),
      slots: { ...network.slots, tombstones },
    }),
    memberKeys: state.memberKeys.deleteAll(keysOf(member)),
    networksOfNode: dropFromIndex(state.networksOfNode, event.node, network.id),
  }
}

function clearTombstones(state: State, event: EventOf<'tombstones-cleared'>): State {
  const network = known(state.networks.get(event.network), event.network)
  const { tombstones, free } = network.slots
  const cleared = event.nodes.map((node) => known(tombstones.get(node), node).slot)
  const slots: Slots = {
    ...network.slots,
    free: [...free, ...cleared].sort((a, b) => a - b),
    tombstones: tombstones.deleteAll(event.nodes),
  }
  return withNetwork(state, { ...network, slots })
}

function takeSlot(slots: Slots, node: NodeId, slot: number): Slots {
  return {
    next: Math.max(slots.next, slot + 1),
    free: slots.free.includes(slot) ? slots.free.filter((other) => other !== slot) : slots.free,
    tombstones: slots.tombstones.delete(node),
  }
}

function keysOf(member: Member) {
  return member.publicKey ? [member.publicKey] : []
}

function dropFromIndex<Key, Value>(
  index: ImmutableMap<Key, ImmutableMap<Value, true>>,
  key: Key,
  value: Value,
): ImmutableMap<Key, ImmutableMap<Value, true>> {
  const left = index.get(key)?.delete(value)
  return left && left.size > 0 ? index.set(key, left) : index.delete(key)
}

interface Named<Id> {
  readonly id: Id
  readonly project: ProjectId
  readonly name: string
}

function addName<Id>(index: NameIndex<Id>, { id, project, name }: Named<Id>): NameIndex<Id> {
  return index.set(project, (index.get(project) ?? ImmutableMap<string, Id>()).set(name, id))
}

function dropName<Id>(index: NameIndex<Id>, { project, name }: Named<Id>): NameIndex<Id> {
  const left = index.get(project)?.delete(name)
  return left && left.size > 0 ? index.set(project, left) : index.delete(project)
}
