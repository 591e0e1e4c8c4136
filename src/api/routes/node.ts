import { Map as ImmutableMap } from 'immutable'
import Type from 'typebox'
import { changeLabels } from '../../controller/commands/label.ts'
import { removeNode } from '../../controller/commands/node.ts'
import { setRoles } from '../../controller/commands/role.ts'
import type { Controller } from '../../controller/controller.ts'
import { findNode } from '../../controller/lookup.ts'
import type { Tools } from '../../controller/tools.ts'
import type { NodeId } from '../../keys/identity.ts'
import type { Node as NodeState, State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { create } from '../change.ts'
import { assertMatch, tagged, tagOf } from '../etag.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { includes, pageOf, shown } from '../paging.ts'
import { DryRunQuery, rehearse, rehearsed } from '../rehearsal.ts'
import { ChangeHeaders, idOrName, listQuery, MatchHeaders, nameFilter, refTo } from '../schemas/common.ts'
import { NewRoles, Node, NodeList, NodePatch } from '../schemas/node.ts'
import { LinkChanges } from '../schemas/policy.ts'
import { answers } from '../schemas/problem.ts'
import { nodeView } from '../views/node.ts'

const params = Type.Object({ node: idOrName('node', 'web-1') })
const tags = ['nodes']
const nodeOrLinks = Type.Union([refTo(Node), refTo(LinkChanges)])

/** GET, PATCH and DELETE of nodes, and POST of their roles; nodes come to be by joining, not by REST. */
export function nodeRoutes(app: App, controller: Controller): void {
  addList(app, controller)
  addShow(app, controller)
  addSetRoles(app, controller)
  addPatch(app, controller)
  addDelete(app, controller)
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listNodes',
    summary: 'The nodes of the project, by name.',
    tags,
    querystring: listQuery(['name', 'enrolledAt'], filters),
    response: answers({ 200: refTo(NodeList) }),
  }
  app.get('/v1/nodes', { schema }, async (request) => {
    const { nodes, nodesByName } = controller.state
    const { project } = authorise(controller.state, request, controller.now())
    const { query } = request
    return pageOf(nodesByName.get(project) ?? ImmutableMap<string, NodeId>(), query, {
      keep: (id) => isWanted(nodes.get(id), query) && isOnlineAsWanted(controller, id, query.online),
      view: (id) => shown(nodes.get(id), (node) => nodeView(node, controller.status.node(id))),
      orders: { enrolledAt: (id) => nodes.get(id)?.enrolledAt ?? 0 },
    })
  })
}

const filters = {
  name: nameFilter,
  online: Type.Optional(Type.Boolean({ description: 'Whether its agent is connected.' })),
  role: Type.Optional(Type.Enum(['relay', 'hub', 'gateway'], { description: 'Only those with this role.' })),
  label: Type.Optional(
    Type.String({
      maxLength: 192,
      pattern: '^[a-zA-Z0-9][a-zA-Z0-9._/-]*(=.*)?$',
      description: 'Only those with this label: a name, or name=value.',
      examples: ['site=a1'],
      'x-expects': 'name or name=value',
    }),
  ),
}
type NodeFilters = Type.Static<Type.TObject<typeof filters>>

function isWanted(node: NodeState | undefined, { name = '', role, label }: NodeFilters): boolean {
  if (!includes(node, name) || (role && !node?.roles.includes(role))) return false
  if (label === undefined) return true
  const [key = '', value] = split(label)
  const own = node && Object.hasOwn(node.labels, key) ? node.labels[key] : undefined
  return own !== undefined && (value === undefined || own === value)
}

function split(label: string): readonly [string, string?] {
  const at = label.indexOf('=')
  return at < 0 ? [label] : [label.slice(0, at), label.slice(at + 1)]
}

function isOnlineAsWanted(controller: Controller, id: NodeId, wanted: boolean | undefined): boolean {
  return wanted === undefined || controller.status.node(id).online === wanted
}

function addShow(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showNode',
    summary: 'One node.',
    tags,
    params,
    response: answers({ 200: refTo(Node) }, 404),
  }
  app.get('/v1/nodes/:node', { schema }, async (request, reply) => {
    const { node } = authorise(controller.state, request, controller.now())
    return tagged(reply, nodeView(node, controller.status.node(node.id)), tagOf(node))
  })
}

function addSetRoles(app: App, controller: Controller): void {
  const schema = {
    operationId: 'setRoles',
    summary: 'Say what a node does for others: the whole list, which may be empty.',
    tags,
    params,
    querystring: DryRunQuery,
    headers: ChangeHeaders,
    body: NewRoles,
    response: answers({ 200: nodeOrLinks }, 404, 409, 412, 413, 415),
  }
  app.post('/v1/nodes/:node/roles', { schema }, async (request, reply) => {
    const { roles } = request.body
    const decide = (before: State, tools: Tools) => {
      const { node } = authorise(before, request, tools.now)
      assertMatch(request, tagOf(node))
      return setRoles(before, tools, node.id, roles)
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    const { result, state } = await create(controller, request, {
      decide,
      recall: (_events, after) => authorise(after, request, controller.now()).node.id,
    })
    const { project } = authorise(state, request, controller.now())
    const node = findNode(state, project, result)
    return tagged(reply, nodeView(node, controller.status.node(node.id)), tagOf(node))
  })
}

function addPatch(app: App, controller: Controller): void {
  const schema = {
    operationId: 'changeNode',
    summary: 'Change the labels of a node: those given are set, null takes one away, all others stay.',
    tags,
    params,
    querystring: DryRunQuery,
    headers: MatchHeaders,
    body: NodePatch,
    response: answers({ 200: nodeOrLinks }, 404, 409, 412, 413, 415),
  }
  app.patch('/v1/nodes/:node', { schema }, async (request, reply) => {
    const { body } = request
    const decide = (before: State, tools: Tools) => {
      const { node } = authorise(before, request, tools.now)
      assertMatch(request, tagOf(node))
      return changeLabels(before, node.id, body.labels)
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    const { state } = await controller.change(askedBy(request), decide)
    const { node } = authorise(state, request, controller.now())
    return tagged(reply, nodeView(node, controller.status.node(node.id)), tagOf(node))
  })
}

function addDelete(app: App, controller: Controller): void {
  const schema = {
    operationId: 'removeNode',
    summary: 'Forget a node: out of all its networks, and refused until it joins anew.',
    tags,
    params,
    querystring: DryRunQuery,
    headers: MatchHeaders,
    response: answers({ ...rehearsed, 204: Type.Null({ description: 'Gone.' }) }, 404, 409, 412),
  }
  app.delete('/v1/nodes/:node', { schema }, async (request, reply) => {
    const decide = (state: State, tools: Tools) => {
      const { node } = authorise(state, request, tools.now)
      assertMatch(request, tagOf(node))
      return removeNode(state, tools, node.id)
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    await controller.change(askedBy(request), decide)
    return reply.code(204).send()
  })
}
