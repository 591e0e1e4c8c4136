import { setImmediate as breathe } from 'node:timers/promises'
import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import { memberKeyPlace } from '../../model/place.ts'
import type { State } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'
import { inTurn } from './inturn.ts'
import { addMember, type IssuedKeys, issueKey, removeMember } from './member.ts'

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
  keys?: IssuedKeys,
): Decision<void> {
  const events = inTurn(state, [
    ...remove.map((node) => (then: State) => removeMember(then, tools, network, node)),
    ...add.map((node) => (then: State) => addMember(then, tools, network, node, keys)),
  ])
  return { events, result: undefined }
}

/** Keys made between two turns of the event loop: a few milliseconds. */
const SLICE = 50

/**
 * Makes the keys that a batch will need, in slices, so that thousands of them do not keep agents waiting. They fit if
 * nothing changes the network in between; those that do not are made when it is decided.
 */
export async function issueAhead(
  state: State,
  id: NetworkId,
  { add, remove }: MemberBatch,
): Promise<IssuedKeys> {
  const keys: Map<string, ReturnType<typeof issueKey>> = new Map()
  const network = state.networks.get(id)
  if (network?.keyCustody !== 'controller') return keys
  const first = network.revision + remove.length + 1
  for (const [index, nodeId] of add.entries()) {
    const node = state.nodes.get(nodeId)
    const version = first + index
    if (node) keys.set(memberKeyPlace(id, nodeId, version), issueKey(network, node, version))
    if (index % SLICE === SLICE - 1) await breathe()
  }
  return keys
}
