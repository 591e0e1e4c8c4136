import { WeftError } from '../errors.ts'
import { parseNodeId } from '../keys/identity.ts'
import { type NetworkId, parseNetworkId, parseTokenId } from '../model/names.ts'
import type { JoinToken, Member, Network, Node, State } from '../model/state.ts'

/** The network of this id or name. Each of these throws `not-found` when there is none. */
export function findNetwork(state: State, idOrName: string): Network {
  const id = parseNetworkId(idOrName) ?? state.networksByName.get(idOrName)
  return found(id && state.networks.get(id), 'network', idOrName, 'weft network list')
}

/** The node of this id or name. */
export function findNode(state: State, idOrName: string): Node {
  const id = parseNodeId(idOrName) ?? state.nodesByName.get(idOrName)
  return found(id && state.nodes.get(id), 'node', idOrName, 'weft node list')
}

/** The member that the node of this id or name is in `network`. */
export function findMember(state: State, network: NetworkId, idOrName: string): Member {
  const node = parseNodeId(idOrName) ?? state.nodesByName.get(idOrName)
  const member = node && state.networks.get(network)?.members.get(node)
  return found(member, 'member', idOrName, `weft member list ${state.networks.get(network)?.name ?? network}`)
}

export function findJoinToken(state: State, id: string): JoinToken {
  const token = parseTokenId(id)
  return found(token && state.joinTokens.get(token), 'join token', id, 'weft token list')
}

function found<Value>(value: Value | undefined, kind: string, name: string, list: string): Value {
  if (value !== undefined) return value
  const advice = `'${list}' shows what there is.`
  throw new WeftError('not-found', `There is no ${kind} '${printable(name)}'.`, { advice })
}

/** Names come from outside: what is not a plain character is shown as a dot, and a long one is cut. */
function printable(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]/g, '.')
  return plain.length > 64 ? `${plain.slice(0, 64)}…` : plain
}
