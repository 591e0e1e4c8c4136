import { WeftError } from '../errors.ts'
import { parseNodeId } from '../keys/identity.ts'
import {
  type NetworkId,
  type ProjectId,
  parseNetworkId,
  parseProjectId,
  parseTokenId,
  parseWebhookId,
} from '../model/names.ts'
import type { ApiToken, JoinToken, Member, Network, Node, Project, State, Webhook } from '../model/state.ts'

/**
 * The network of this id or name, as `project` sees it: its own, and by id those that are shared with it. Each of these
 * throws `not-found` when there is none; what is another project's is as if it were not there.
 */
export function findNetwork(state: State, project: ProjectId, idOrName: string): Network {
  const id = parseNetworkId(idOrName) ?? state.networksByName.get(project)?.get(idOrName)
  const network = id && state.networks.get(id)
  return found(network && isVisible(network, project) ? network : undefined, 'network', idOrName, 'network')
}

/** The node of this id or name in a project. */
export function findNode(state: State, project: ProjectId, idOrName: string): Node {
  return found(nodeOf(state, project, idOrName), 'node', idOrName, 'node')
}

/** The same; undefined when there is none. */
export function nodeOf(state: State, project: ProjectId, idOrName: string): Node | undefined {
  const id = parseNodeId(idOrName) ?? state.nodesByName.get(project)?.get(idOrName)
  const node = id && state.nodes.get(id)
  return node?.project === project ? node : undefined
}

/** A member of `network`: by id, or by the name that its node has in `project`. */
export function findMember(state: State, project: ProjectId, network: NetworkId, idOrName: string): Member {
  const node = parseNodeId(idOrName) ?? state.nodesByName.get(project)?.get(idOrName)
  const { members, name } = state.networks.get(network) ?? {}
  return found(node && members?.get(node), 'member', idOrName, 'member', ` ${name}`)
}

export function findJoinToken(state: State, project: ProjectId, id: string): JoinToken {
  const parsed = parseTokenId(id)
  const token = parsed && state.joinTokens.get(parsed)
  return found(token?.project === project ? token : undefined, 'join token', id, 'token')
}

/** An API token of a project, or of all projects for those who may see these. */
export function findApiToken(
  state: State,
  project: ProjectId,
  id: string,
  { withGlobal }: { readonly withGlobal: boolean },
): ApiToken {
  const parsed = parseTokenId(id)
  const token = parsed && state.apiTokens.get(parsed)
  const isSeen = token && (token.project === project || (withGlobal && token.project === undefined))
  return found(isSeen ? token : undefined, 'API token', id, 'api-token')
}

export function findWebhook(state: State, project: ProjectId, id: string): Webhook {
  const parsed = parseWebhookId(id)
  const webhook = parsed && state.webhooks.get(parsed)
  return found(webhook?.project === project ? webhook : undefined, 'webhook', id, 'webhook')
}

/** The project of this id or name, for callers that may know of all. */
export function findProject(state: State, idOrName: string): Project {
  const id = parseProjectId(idOrName) ?? state.projectsByName.get(idOrName)
  return found(id && state.projects.get(id), 'project', idOrName, 'project')
}

/** Whether a project owns a network, or it is shared with it. */
export function isVisible(network: Network, project: ProjectId): boolean {
  return network.project === project || network.grants.has(project)
}

/**
 * The error for an object that is not there, or not to be seen: the same in both cases.
 * @param list the command that lists what there is, without `weft`
 */
export function absent(kind: string, name: string, list: string): WeftError {
  const advice = `'weft ${list}' shows what there is.`
  return new WeftError('not-found', `There is no ${kind} '${printable(name)}'.`, { advice })
}

function found<Value>(value: Value | undefined, kind: string, name: string, noun: string, of = ''): Value {
  if (value !== undefined) return value
  throw absent(kind, name, `${noun} list${of}`)
}

/** Names come from outside: what is not a plain character is shown as a dot, and a long one is cut. */
function printable(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]/g, '.')
  return plain.length > 64 ? `${plain.slice(0, 64)}…` : plain
}
