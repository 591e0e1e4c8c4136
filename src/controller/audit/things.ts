import { memberPlace } from '../../address/allocation.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId, ProjectId, TokenId, WebhookId } from '../../model/names.ts'
import type { ApiToken, JoinToken, Network, Node, State, Webhook } from '../../model/state.ts'
import { hostOf } from '../graph/describe.ts'

/** Something that an event changes, or makes, or ends. */
export type Thing =
  | { readonly kind: 'controller' }
  | { readonly kind: 'project'; readonly id: ProjectId }
  | { readonly kind: 'api-token' | 'join-token'; readonly id: TokenId }
  | { readonly kind: 'node'; readonly id: NodeId }
  | { readonly kind: 'network'; readonly id: NetworkId }
  | { readonly kind: 'webhook'; readonly id: WebhookId }
  | { readonly kind: 'member'; readonly network: NetworkId; readonly node: NodeId }
  | { readonly kind: 'grant'; readonly network: NetworkId; readonly project: ProjectId }

/** What may be told of a thing: plain JSON, chosen field by field, so that no secret, nor the hash of one, gets in. */
export type Facts = Readonly<Record<string, unknown>>

/** Never undefined: a new type of event does not compile before somebody has said what it is about. */
export function thingOf(event: Event): Thing {
  switch (event.type) {
    case 'controller-initialised':
    case 'epoch-raised':
      return { kind: 'controller' }
    case 'project-created':
    case 'project-deleted':
      return { kind: 'project', id: event.id }
    case 'api-token-created':
    case 'api-token-revoked':
      return { kind: 'api-token', id: event.id }
    case 'join-token-created':
    case 'join-token-revoked':
    case 'join-token-used':
      return { kind: 'join-token', id: event.id }
    case 'node-enrolled':
    case 'node-roles-set':
    case 'node-labels-set':
    case 'node-removed':
      return { kind: 'node', id: event.id }
    case 'network-created':
    case 'network-deleted':
      return { kind: 'network', id: event.id }
    case 'network-policy-set':
    case 'tombstones-cleared':
      return { kind: 'network', id: event.network }
    case 'network-shared':
    case 'network-unshared':
      return { kind: 'grant', network: event.network, project: event.project }
    case 'member-added':
    case 'member-key-certified':
    case 'member-removed':
      return { kind: 'member', network: event.network, node: event.node }
    case 'webhook-created':
    case 'webhook-changed':
    case 'webhook-disabled':
    case 'webhook-deleted':
      return { kind: 'webhook', id: event.id }
  }
}

/** Tells things apart; of those that have an id it is that. */
export function idOf(thing: Thing): string {
  switch (thing.kind) {
    case 'controller':
      return 'controller'
    case 'member':
      return `${thing.network}/${thing.node}`
    case 'grant':
      return `${thing.network}/${thing.project}`
    default:
      return thing.id
  }
}

/** What a thing was in a state; null when it was not there. */
export function factsOf(thing: Thing, state: State): Facts | null {
  switch (thing.kind) {
    case 'controller':
      return state.authority ? { epoch: state.epoch } : null
    case 'project':
      return shown(state.projects.get(thing.id), ({ name }) => ({ name }))
    case 'api-token':
      return shown(state.apiTokens.get(thing.id), apiTokenFacts)
    case 'join-token':
      return shown(state.joinTokens.get(thing.id), joinTokenFacts)
    case 'node':
      return shown(state.nodes.get(thing.id), nodeFacts)
    case 'network':
      return shown(state.networks.get(thing.id), networkFacts)
    case 'webhook':
      return shown(state.webhooks.get(thing.id), webhookFacts)
    case 'member':
      return memberFacts(state.networks.get(thing.network), thing.node)
    case 'grant': {
      const { network, project } = thing
      return state.networks.get(network)?.grants.has(project) ? { network, project } : null
    }
  }
}

/** The projects whose thing it is. None: it is of no project. */
export function ownersOfThing(thing: Thing, state: State): readonly ProjectId[] {
  switch (thing.kind) {
    case 'controller':
      return []
    case 'project':
      return [thing.id]
    case 'api-token':
      return listed(state.apiTokens.get(thing.id)?.project)
    case 'join-token':
      return listed(state.joinTokens.get(thing.id)?.project)
    case 'node':
      return listed(state.nodes.get(thing.id)?.project)
    case 'webhook':
      return listed(state.webhooks.get(thing.id)?.project)
    case 'network':
      return networkOwner(thing.id, state)
    case 'member':
      if (thing.network === state.transit) return []
      return [...networkOwner(thing.network, state), ...listed(state.nodes.get(thing.node)?.project)]
    case 'grant':
      return [...networkOwner(thing.network, state), thing.project]
  }
}

function networkOwner(id: NetworkId, state: State): readonly ProjectId[] {
  return id === state.transit ? [] : listed(state.networks.get(id)?.project)
}

function listed(project: ProjectId | undefined): readonly ProjectId[] {
  return project === undefined ? [] : [project]
}

function apiTokenFacts({ name, project, role, scopes, person, expiresAt }: ApiToken): Facts {
  const whose = { name, project: project ?? null, person: person ?? null }
  return { ...whose, role, scopes: scopes ?? null, expiresAt: instant(expiresAt) }
}

function joinTokenFacts({ project, networks, labels, uses, expiresAt }: JoinToken): Facts {
  return { project, networks, labels, uses, expiresAt: instant(expiresAt) }
}

function nodeFacts({ name, project, labels, roles, publicKey }: Node): Facts {
  return { name, project, labels, roles, publicKey }
}

function networkFacts(network: Network): Facts {
  const { name, project, ipv4, ipv6, nodePrefixLength, topology, keyCustody, policy } = network
  return { name, project, ipv4, ipv6, nodePrefixLength, topology, keyCustody, policy }
}

/** What is behind the host of its URL may be a secret. */
function webhookFacts({ name, project, url, events, networks, enabled, disabledReason }: Webhook): Facts {
  const wanted = { events: events ?? null, networks: networks ?? null }
  return { name, project, host: hostOf(url), ...wanted, enabled, disabledReason: disabledReason ?? null }
}

function memberFacts(network: Network | undefined, node: NodeId): Facts | null {
  const member = network?.members.get(node)
  if (!network || !member) return null
  const { ipv4, ipv6 } = memberPlace(network, member.slot)
  return { ipv4, ipv6, keyVersion: member.keyVersion, publicKey: member.publicKey ?? null }
}

function instant(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}

function shown<Value>(value: Value | undefined, view: (value: Value) => Facts): Facts | null {
  return value === undefined ? null : view(value)
}
