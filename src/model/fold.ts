import { WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Event } from './event.ts'
import type { NetworkId } from './names.ts'
import type { Network, State } from './state.ts'

export type EventOf<Type extends Event['type']> = Extract<Event, { readonly type: Type }>

/** The state after something that stands in the record of a member changed: others are told it anew. */
export function renew(state: State, networkId: NetworkId, node: NodeId): State {
  const network = known(state.networks.get(networkId), networkId)
  const member = known(network.members.get(node), node)
  const revision = network.revision + 1
  return withNetwork(state, {
    ...network,
    revision,
    members: network.members.set(node, { ...member, revision }),
  })
}

export function withNetwork(state: State, network: Network): State {
  return { ...state, networks: state.networks.set(network.id, network) }
}

/** Throws `log-damaged` for what the log speaks of and does not have. */
export function known<Value>(value: Value | undefined, name: string): Value {
  if (value !== undefined) return value
  throw new WeftError('log-damaged', `The log speaks of ${name}, which does not exist at that point.`)
}
