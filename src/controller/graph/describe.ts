import type { NodeId } from '../../keys/identity.ts'
import type { Event } from '../../model/event.ts'
import { type NetworkId, parseNetworkId } from '../../model/names.ts'
import type { Labels, State } from '../../model/state.ts'

/** What to call a node, network or token in a sentence. */
export type Namer = (id: string) => string

/** What happened, as the end of a sentence that begins with who did it. Nothing secret is in it. */
export function describeEvent(event: Event, nameOf: Namer): string {
  switch (event.type) {
    case 'controller-initialised':
      return 'made the keys of the controller'
    case 'epoch-raised':
      return `began epoch ${event.epoch}`
    case 'project-created':
      return `made project ${event.name}`
    case 'project-deleted':
      return `deleted project ${nameOf(event.id)}`
    case 'network-shared':
      return `shared network ${nameOf(event.network)} with project ${nameOf(event.project)}`
    case 'network-unshared':
      return `shares network ${nameOf(event.network)} with project ${nameOf(event.project)} no longer`
    case 'api-token-created':
      return event.person === undefined ? `made the API token ${event.name}` : 'signed in'
    case 'api-token-revoked':
      return `revoked the API token ${nameOf(event.id)}`
    case 'join-token-created':
      return `made the join token ${event.id} for ${nodes(event.uses)}`
    case 'join-token-revoked':
      return `revoked the join token ${event.id}`
    case 'join-token-used':
      return `used the join token ${event.id}`
    case 'node-enrolled':
      return `enrolled as node ${event.name}`
    case 'node-roles-set':
      return `gave ${nameOf(event.id)} ${roles(event.roles)}`
    case 'node-labels-set':
      return `gave ${nameOf(event.id)} ${labels(event.labels)}`
    case 'node-removed':
      return `removed node ${nameOf(event.id)}`
    case 'network-created':
      return `made network ${event.name}, ${event.ipv4} and ${event.ipv6}, as ${event.topology}`
    case 'network-deleted':
      return `deleted network ${nameOf(event.id)}`
    case 'network-policy-set':
      return `set a policy of ${event.policy.rules.length === 1 ? 'one rule' : `${event.policy.rules.length} rules`} that ${event.policy.default === 'deny' ? 'denies' : 'allows'} all else`
    case 'member-added':
      return `added member ${nameOf(event.node)}`
    case 'member-key-certified':
      return `certified key ${event.keyVersion} of ${nameOf(event.node)}`
    case 'member-removed':
      return `removed member ${nameOf(event.node)}`
    case 'tombstones-cleared':
      return `freed the addresses of ${nodes(event.nodes.length)} that left`
    case 'webhook-created':
      return `made the webhook ${event.name} to ${hostOf(event.url)}`
    case 'webhook-changed':
      return `changed the webhook ${nameOf(event.id)}`
    case 'webhook-disabled':
      return `disabled the webhook ${nameOf(event.id)}: ${event.reason}`
    case 'webhook-deleted':
      return `deleted the webhook ${nameOf(event.id)}`
  }
}

/** Of a URL only its host: what is behind it may be a secret. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : ''
}

/** The networks that an event is about. @param state before or after it: a node in it is what counts */
export function networksOf(event: Event, state: State): readonly NetworkId[] {
  if ('network' in event) return [event.network]
  if (!('id' in event)) return []
  const network = parseNetworkId(event.id)
  if (network) return [network]
  return [...(state.networksOfNode.get(event.id as NodeId)?.keys() ?? [])]
}

function nodes(count: number): string {
  return count === 1 ? 'one node' : `${count} nodes`
}

function labels(given: Labels): string {
  const all = Object.entries(given).map(([name, value]) => `${name}=${value}`)
  return all.length === 0 ? 'no label any more' : `the label${all.length > 1 ? 's' : ''} ${all.join(', ')}`
}

function roles(given: readonly string[]): string {
  if (given.length === 0) return 'no role any more'
  return `the role${given.length > 1 ? 's' : ''} ${given.join(' and ')}`
}
