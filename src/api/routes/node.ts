import { Map as ImmutableMap } from 'immutable'
import Type from 'typebox'
import { changeLabels } from '../../controller/commands/label.ts'
import { removeNode } from '../../controller/commands/node.ts'
import { setRoles } from '../../controller/commands/role.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger.ts'
import { findNode } from '../../controller/lookup.ts'
import type { NodeId } from '../../keys/identity.ts'
import { authorise } from '../access/authorise.ts'
import { create } from '../change.ts'
import type { App } from '../instance.ts'
import { pageOf } from '../paging.ts'
import { idOrName, OperationHeaders, PageQuery, refTo } from '../schemas/common.ts'
import { NewRoles, Node, NodeList, NodePatch } from '../schemas/node.ts'
import { answers } from '../schemas/problem.ts'
import { nodeView } from '../views/node.ts'

const params = Type.Object({ node: idOrName('node', 'web-1') })
const tags = ['nodes']

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
    querystring: PageQuery,
    response: answers({ 200: refTo(NodeList) }),
  }
  app.get('/v1/nodes', { schema }, async (request) => {
    const { nodes, nodesByName } = controller.state
    const { project } = authorise(controller.state, request, controller.now())
    return pageOf(nodesByName.get(project) ?? ImmutableMap<string, NodeId>(), request.query, (id) => {
      const node = nodes.get(id)
      return node && nodeView(node, controller.nodeStatus(id))
    })
  })
}

function addShow(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showNode',
    summary: 'One node.',
    tags,
    params,
    response: answers({ 200: refTo(Node) }, 404),
  }
  app.get('/v1/nodes/:node', { schema }, async (request) => {
    const { node } = authorise(controller.state, request, controller.now())
    return nodeView(node, controller.nodeStatus(node.id))
  })
}

function addSetRoles(app: App, controller: Controller): void {
  const schema = {
    operationId: 'setRoles',
    summary: 'Say what a node does for others: the whole list, which may be empty.',
    tags,
    params,
    headers: OperationHeaders,
    body: NewRoles,
    response: answers({ 200: refTo(Node) }, 404, 409, 413, 415),
  }
  app.post('/v1/nodes/:node/roles', { schema }, async (request) => {
    const { roles } = request.body
    const { result, state } = await create(controller, request, {
      decide: (before, tools) =>
        setRoles(before, tools, authorise(before, request, tools.now).node.id, roles),
      recall: (events, after) =>
        eventsOf(events, 'node-roles-set')
          .filter((event) => event.roles.join() === roles.toSorted().join())
          .find(({ id }) => id === authorise(after, request, controller.now()).node.id)?.id,
    })
    const { project } = authorise(state, request, controller.now())
    const node = findNode(state, project, result)
    return nodeView(node, controller.nodeStatus(node.id))
  })
}

function addPatch(app: App, controller: Controller): void {
  const schema = {
    operationId: 'changeNode',
    summary: 'Change the labels of a node: those given are set, null takes one away, all others stay.',
    tags,
    params,
    body: NodePatch,
    response: answers({ 200: refTo(Node) }, 404, 409, 413, 415),
  }
  app.patch('/v1/nodes/:node', { schema }, async (request) => {
    const { actor, body } = request
    const { state } = await controller.change({ actor }, (before, tools) =>
      changeLabels(before, authorise(before, request, tools.now).node.id, body.labels),
    )
    const { node } = authorise(state, request, controller.now())
    return nodeView(node, controller.nodeStatus(node.id))
  })
}

function addDelete(app: App, controller: Controller): void {
  const schema = {
    operationId: 'removeNode',
    summary: 'Forget a node: out of all its networks, and refused until it joins anew.',
    tags,
    params,
    response: answers({ 204: Type.Null({ description: 'Gone.' }) }, 404, 409),
  }
  app.delete('/v1/nodes/:node', { schema }, async (request, reply) => {
    await controller.change({ actor: request.actor }, (state, tools) =>
      removeNode(state, tools, authorise(state, request, tools.now).node.id),
    )
    return reply.code(204).send()
  })
}
