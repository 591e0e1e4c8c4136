import { WeftError } from '../../errors.ts'
import type { Event } from '../../model/event.ts'
import { DEFAULT_PROJECT, ID_BYTES, isName, type ProjectId, toProjectId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import type { Decision, Tools } from '../tools.ts'
import { unshareNetwork } from './grant.ts'
import { inTurn } from './inturn.ts'
import { deleteNetwork } from './network.ts'
import { removeNode } from './node.ts'

const DEFAULT_NAME = 'default'

/** The event that brings the default project into being, at the first start. */
export function defaultProject(at: number): Event {
  return { type: 'project-created', at, id: DEFAULT_PROJECT, name: DEFAULT_NAME }
}

/** Decides a new project. Throws `already-exists` or `invalid-input`. */
export function createProject(
  state: State,
  tools: Tools,
  { name }: { readonly name: string },
): Decision<ProjectId> {
  if (!isName(name)) {
    throw new WeftError('invalid-input', 'The name cannot be used for a project.', {
      field: 'name',
      advice: 'Use 1 to 63 lower-case letters, digits and inner hyphens, unlike an id.',
    })
  }
  if (state.projectsByName.has(name)) {
    throw new WeftError('already-exists', `A project '${name}' exists.`, {
      field: 'name',
      advice: 'Choose another name, or use the project that is there.',
    })
  }
  const id = toProjectId(tools.random(ID_BYTES))
  return { events: [{ type: 'project-created', at: tools.now, id, name }], result: id }
}

/** Decides the end of a project with its networks, nodes and tokens. Throws `forbidden` for the default one. */
export function deleteProject(state: State, tools: Tools, id: ProjectId): Decision<void> {
  if (id === DEFAULT_PROJECT) {
    throw new WeftError('forbidden', 'The default project cannot be deleted.', { field: 'project' })
  }
  const networks = [...(state.networksByName.get(id)?.values() ?? [])]
  const shared = [...(state.sharedNetworks.get(id)?.keys() ?? [])]
  const nodes = [...(state.nodesByName.get(id)?.values() ?? [])]
  const events = inTurn(state, [
    ...networks.map((network) => (then: State) => deleteNetwork(then, network)),
    ...shared.map((network) => (then: State) => unshareNetwork(then, tools, network, id)),
    ...nodes.map((node) => (then: State) => removeNode(then, tools, node)),
    () => ({ events: [...tokensOf(state, id), ...webhooksOf(state, id), { type: 'project-deleted', id }] }),
  ])
  return { events, result: undefined }
}

function tokensOf(state: State, project: ProjectId): Event[] {
  const join = state.joinTokens.filter((token) => token.project === project).keys()
  const api = state.apiTokens.filter((token) => token.project === project).keys()
  return [
    ...[...join].map((id): Event => ({ type: 'join-token-revoked', id })),
    ...[...api].map((id): Event => ({ type: 'api-token-revoked', id })),
  ]
}

function webhooksOf({ webhooks }: State, project: ProjectId): Event[] {
  const own = webhooks.filter((webhook) => webhook.project === project)
  return [...own.keys()].map((id): Event => ({ type: 'webhook-deleted', id }))
}
