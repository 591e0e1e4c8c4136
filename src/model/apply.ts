import { WeftError } from '../errors.ts'
import type { Event } from './event.ts'
import {
  addApiToken,
  addJoinToken,
  createProject,
  deleteProject,
  revokeApiToken,
  revokeJoinToken,
  useJoinToken,
} from './fold-access.ts'
import { addMember, certifyKey, clearTombstones, removeMember } from './fold-member.ts'
import { createNetwork, deleteNetwork, shareNetwork, unshareNetwork } from './fold-network.ts'
import { enrolNode, removeNode, setRoles } from './fold-node.ts'
import { setLabels, setPolicy } from './fold-policy.ts'
import { addWebhook, changeWebhook, disableWebhook, removeWebhook } from './fold-webhook.ts'
import type { State } from './state.ts'

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
