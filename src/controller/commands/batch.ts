import type { NodeId } from '../../keys/identity.ts'
import type { KeyStock } from '../../keys/stock.ts'
import type { PublicKey } from '../../keys/wireguard.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'
import { inTurn } from './inturn.ts'
import { addMember, removeMember } from './member.ts'

export interface MemberBatch {
  readonly add: readonly NodeId[]
  readonly remove: readonly NodeId[]
}

/** Decides that nodes become members and others are members no longer, all of it or nothing; removals come first. */
export function changeMembers(
  state: State,
  tools: Tools,
  network: NetworkId,
  { add, remove }: MemberBatch,
  keys?: KeyStock,
): Decision<void> {
  const events = inTurn(state, [
    ...remove.map((node) => (then: State) => removeMember(then, tools, network, node)),
    ...add.map((node) => (then: State) => addMember(then, tools, network, node, keys)),
  ])
  return { events, result: undefined }
}

/** Whose keys adding these nodes takes; nobody's where nodes make their own, or where there is no such thing. */
export function keysWanted(state: State, id: NetworkId, add: readonly NodeId[]): PublicKey[] {
  if (state.networks.get(id)?.keyCustody !== 'controller') return []
  return add.flatMap((node) => state.nodes.get(node)?.sealingKey ?? [])
}
