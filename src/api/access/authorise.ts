import type { FastifyRequest } from 'fastify'
import {
  absent,
  findApiToken,
  findJoinToken,
  findMember,
  findNetwork,
  findNode,
  findProject,
  findWebhook,
  nodeOf,
} from '../../controller/lookup.ts'
import { WeftError } from '../../errors.ts'
import type { NodeId } from '../../keys/identity.ts'
import { type ProjectId, parseProjectId } from '../../model/names.ts'
import type { Permission } from '../../model/permission.ts'
import type { ApiToken, Member, Network, Node, Project, State } from '../../model/state.ts'
import { isDryRun } from '../dryrun.ts'
import { type Caller, tokenCaller } from './caller.ts'
import { type Named, Scope } from './scope.ts'
import type { Rule } from './table.ts'

/**
 * The one place that decides whether a request may do what it asks. It is called twice for a change: before the handler
 * runs, and again on the very state on which the change is decided, so that no right is checked in one state and used in
 * another. Throws `not-found` for what the caller cannot see, whether it is there or not, and `forbidden` for what is seen
 * but may not be touched.
 * @param now milliseconds since 1970
 */
export function authorise(state: State, request: FastifyRequest, now: number): Scope {
  const rule = ruleOf(request)
  const caller = callerOf(state, request, now)
  const project = actingProject(state, caller, textIn(request.query, 'project'))
  const named = find(state, { request, rule, caller, project })
  assertPermitted(caller, rule.needs)
  assertPermitted(caller, isDryRun(request.query) ? 'networks:read' : rule.tells)
  assertParts(state, { rule, request, caller, project }, named.node)
  return new Scope(caller, project, named)
}

function ruleOf(request: FastifyRequest): Rule {
  const rule = request.routeOptions.config.access
  if (rule !== undefined && rule !== 'open') return rule
  throw new WeftError('internal', 'This route has nothing to decide about.')
}

function callerOf(state: State, { credential }: FastifyRequest, now: number): Caller {
  if (credential !== undefined) return tokenCaller(state, credential, now)
  throw new WeftError('internal', 'Nobody was authenticated.')
}

/** The project in which everything of a request happens. A bound caller has but one, and there seem to be no others. */
function actingProject(state: State, caller: Caller, wanted: string | undefined): ProjectId {
  if (wanted === undefined) return caller.home
  const own = caller.bound ? state.projects.get(caller.home) : findProject(state, wanted)
  if (own && (own.id === wanted || own.name === wanted)) return own.id
  throw absent('project', wanted, 'project list')
}

interface Question {
  readonly request: FastifyRequest
  readonly rule: Rule
  readonly caller: Caller
  readonly project: ProjectId
}

/** Looks up what the path names. */
function find(state: State, question: Question): Named {
  const { rule, request, project } = question
  const name = (parameter: string) => textIn(request.params, parameter) ?? ''
  if (rule.about === undefined) return {}
  switch (rule.about) {
    case 'network':
      return { network: networkOf(state, question, name('network')) }
    case 'member':
      return memberOf(state, question, name('network'), name('node'))
    case 'grant':
      return grantOf(state, question, name('network'), name('project'))
    case 'node':
      return { node: findNode(state, project, name('node')) }
    case 'join token':
      return { joinToken: findJoinToken(state, project, name('token')) }
    case 'api token':
      return { apiToken: apiTokenOf(state, question, name('token')) }
    case 'webhook':
      return { webhook: findWebhook(state, project, name('webhook')) }
    case 'project':
      return { subject: projectOf(state, question, name('project')) }
  }
}

function networkOf(
  state: State,
  { rule, caller, project }: Omit<Question, 'request'>,
  name: string,
): Network {
  const network = findNetwork(state, project, name)
  if (network.id === state.transit && caller.bound) throw absent('network', name, 'network list')
  if (network.project !== project && !rule.shared) throw ofItsOwner()
  return network
}

/** A network of the project itself, for what shows more than guests may see. */
export function ownNetwork(state: State, { caller, project }: Scope, name: string): Network {
  return networkOf(state, { rule: {}, caller, project }, name)
}

/** Throws `forbidden` unless a member is a node of the project, or of a network of it. */
export function assertMayTouch(state: State, { project, network }: Scope, member: NodeId): void {
  if (network.project !== project && state.nodes.get(member)?.project !== project) throw ofItsOwner()
}

function memberOf(state: State, question: Question, network: string, name: string): Named {
  const { rule, project } = question
  const found = networkOf(state, question, network)
  const member: Member = findMember(state, project, found.id, name)
  const isOwn = found.project === project || state.nodes.get(member.node)?.project === project
  if (!isOwn && rule.shared === 'own members') throw ofItsOwner()
  return { network: found, member }
}

/** Others' projects are known by their ids only, which cannot be guessed: whoever has one was told it. */
function grantOf(state: State, question: Question, network: string, name: string): Named {
  const found = networkOf(state, question, network)
  if (question.caller.bound && !parseProjectId(name)) throw absent('project', name, 'project list')
  return { network: found, subject: findProject(state, name) }
}

function projectOf(state: State, { caller }: Question, name: string): Project {
  const found = caller.bound ? state.projects.get(caller.home) : findProject(state, name)
  if (found && (found.id === name || found.name === name)) return found
  throw absent('project', name, 'project list')
}

function apiTokenOf(state: State, { caller, project }: Question, name: string): ApiToken {
  return findApiToken(state, project, name, { withGlobal: !caller.bound })
}

/** What is needed besides, because of what the body asks for. */
function assertParts(
  state: State,
  { rule, request, caller, project }: Question,
  node: Node | undefined,
): void {
  const { body } = request
  for (const [path, needed] of Object.entries(rule.partsNeed ?? {}))
    if (valuesAt(body, path.split('.')).length > 0)
      for (const permission of needed) assertPermitted(caller, permission)
  if (!rule.relayNeeds) return
  const named = valuesAt(body, ['nodes']).flatMap((nodes) => Object.entries(Object(nodes)))
  const asks = (part: unknown, name: string) => asksForRelay(part, nodeOf(state, project, name))
  if (asksForRelay(body, node) || named.some(([name, part]) => asks(part, name)))
    assertPermitted(caller, rule.relayNeeds)
}

/** What a value has at a path, in which `*` is any name. */
function valuesAt(value: unknown, [name, ...rest]: readonly string[]): unknown[] {
  if (name === undefined) return value === undefined ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  const parts = name === '*' ? Object.values(value) : [Reflect.get(value, name)]
  return parts.flatMap((part) => valuesAt(part, rest))
}

function asksForRelay(body: unknown, node: Node | undefined): boolean {
  const roles: unknown = typeof body === 'object' && body !== null && 'roles' in body ? body.roles : []
  return Array.isArray(roles) && roles.includes('relay') && !node?.roles.includes('relay')
}

function assertPermitted({ permissions }: Caller, needed: Permission | undefined): void {
  if (needed === undefined || permissions.has(needed)) return
  throw new WeftError('forbidden', `This needs the permission '${needed}', which the token does not have.`, {
    advice: 'GET /v1/whoami shows what it has; an admin can make one that has more.',
  })
}

function ofItsOwner(): WeftError {
  return new WeftError(
    'forbidden',
    'The network is shared with this project by another, which alone may do this.',
    {
      field: 'network',
      advice: 'Nodes of this project can be added to it and removed; ask its owner for all else.',
    },
  )
}

function textIn(values: unknown, name: string): string | undefined {
  if (typeof values !== 'object' || values === null) return undefined
  const value: unknown = Reflect.get(values, name)
  return typeof value === 'string' ? value : undefined
}
