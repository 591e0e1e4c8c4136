import type { NodeId } from '../keys/identity.ts'
import { type EventOf, known, renew, withNetwork } from './fold.ts'
import { Rulebook } from './rulebook.ts'
import { type Network, type Node, SITE_LABEL, type State } from './state.ts'

/** What members have to know changes where the site of the node does, and where a policy sees another member in it now. */
export function setLabels(state: State, { id, labels }: EventOf<'node-labels-set'>): State {
  const before = known(state.nodes.get(id), id)
  const after = { ...before, labels }
  const changed = { ...state, nodes: state.nodes.set(id, after) }
  return networksOf(state, id).reduce((then, network) => {
    if (before.labels[SITE_LABEL] !== labels[SITE_LABEL]) return renew(then, network.id, id)
    if (isAlike(network, before, after)) return then
    return withNetwork(then, { ...network, revision: network.revision + 1 })
  }, changed)
}

export function setPolicy(state: State, event: EventOf<'network-policy-set'>): State {
  const network = known(state.networks.get(event.network), event.network)
  const revision = network.revision + 1
  return withNetwork(state, { ...network, policy: event.policy, policyRevision: revision, revision })
}

function networksOf(state: State, node: NodeId): Network[] {
  const ids = [...(state.networksOfNode.get(node)?.keys() ?? [])]
  return ids.map((id) => known(state.networks.get(id), id))
}

/** Whether the policy makes no difference between the node as it was and as it is; it does not look at labels of guests. */
function isAlike({ policy, project }: Network, before: Node, after: Node): boolean {
  if (before.project !== project) return true
  const rulebook = Rulebook.of(policy)
  return rulebook.matched(before).join('\n') === rulebook.matched(after).join('\n')
}
