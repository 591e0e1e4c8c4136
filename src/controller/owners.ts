import type { Event } from '../model/event.ts'
import type { ProjectId } from '../model/names.ts'
import type { State } from '../model/state.ts'

/** What only the owner of a network is shown of it, and not those with whom it is shared. */
const OF_OWNER: ReadonlySet<Event['type']> = new Set([
  'network-policy-set',
  'network-shared',
  'network-unshared',
  'tombstones-cleared',
])

/** The projects that may see what has this id: its owner first, then with whom it is shared. None: it is of no project. */
export function ownersOf(id: string, state: State): ReadonlySet<ProjectId> {
  const network = find(state.networks, id)
  if (network) return new Set(id === state.transit ? [] : [network.project, ...network.grants.keys()])
  const token = find(state.joinTokens, id) ?? find(state.apiTokens, id)
  const owned = find(state.nodes, id) ?? token ?? find(state.webhooks, id)
  const project = owned?.project ?? find(state.projects, id)?.id
  return new Set(project === undefined ? [] : [project])
}

/**
 * The projects that may see an event: those of everything that it names. What happens in the transit is of no project.
 * @param ownersOfId of what is there, or was
 */
export function eventOwners(
  event: Event,
  ownersOfId: (id: string) => ReadonlySet<ProjectId>,
  { transit }: State,
): ReadonlySet<ProjectId> {
  if ('network' in event && event.network === transit) return new Set()
  const ofNetwork = 'network' in event ? [...ownersOfId(event.network)] : []
  const named: readonly string[] = [
    ...('node' in event ? [event.node] : []),
    ...('id' in event ? [event.id] : []),
  ]
  const owners = [
    ...(OF_OWNER.has(event.type) ? ofNetwork.slice(0, 1) : ofNetwork),
    ...named.flatMap((id) => [...ownersOfId(id)]),
  ]
  return new Set('project' in event && event.project !== undefined ? [...owners, event.project] : owners)
}

function find<Value>(map: { get(key: string): Value | undefined }, id: string): Value | undefined {
  return map.get(id)
}
