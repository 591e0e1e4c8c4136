import { WeftError } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId, ProjectId } from '../../model/names.ts'
import type { Network, State } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'
import { assertNotSystem } from './network.ts'

/** Decides that nodes of another project may be members of a network. No events when they may already. */
export function shareNetwork(state: State, id: NetworkId, project: ProjectId): Decision<void> {
  assertNotSystem(state, id)
  const network = state.networks.get(id)
  if (network?.project === project) {
    throw new WeftError('invalid-input', 'The network is of this project itself.', {
      field: 'project',
      advice: 'Name the project with which it is to be shared.',
    })
  }
  const events: Event[] = network?.grants.has(project)
    ? []
    : [{ type: 'network-shared', network: id, project }]
  return { events, result: undefined }
}

/** Decides that they may no longer: those that are members are removed. */
export function unshareNetwork(
  state: State,
  tools: Tools,
  id: NetworkId,
  project: ProjectId,
): Decision<void> {
  const network = state.networks.get(id)
  const guests = network ? guestsOf(state, network, project) : []
  const left = guests.map((node): Event => ({ type: 'member-removed', network: id, node, at: tools.now }))
  return { events: [...left, { type: 'network-unshared', network: id, project }], result: undefined }
}

/** The members of a network that are nodes of another project. */
export function guestsOf(state: State, { members }: Network, project: ProjectId): NodeId[] {
  return [...members.keys()].filter((node) => state.nodes.get(node)?.project === project)
}
