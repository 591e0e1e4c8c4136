import type { NodeId } from '../../keys/identity.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'

/** By network, the members whose records these events may have changed. @param after the state that they led to */
export function touchedMembers(events: readonly Event[], after: State): ReadonlyMap<NetworkId, NodeId[]> {
  const touched = new Map<NetworkId, NodeId[]>()
  const touch = (network: NetworkId, ...nodes: NodeId[]) => {
    const known = touched.get(network)
    if (known) known.push(...nodes)
    else touched.set(network, nodes)
  }
  for (const event of events) {
    switch (event.type) {
      case 'member-added':
      case 'member-removed':
      case 'member-key-certified':
        touch(event.network, event.node)
        break
      case 'node-roles-set':
      case 'node-labels-set':
        for (const network of after.networksOfNode.get(event.id)?.keys() ?? []) touch(network, event.id)
        break
      case 'network-deleted':
        touch(event.id)
        break
      default:
    }
  }
  return touched
}
