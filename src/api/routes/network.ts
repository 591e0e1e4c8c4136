import { Map as ImmutableMap } from 'immutable'
import Type from 'typebox'
import { createNetwork, deleteNetwork } from '../../controller/commands/network.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger.ts'
import { findNetwork } from '../../controller/lookup.ts'
import type { NetworkId, ProjectId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { create } from '../change.ts'
import type { App } from '../instance.ts'
import { pageOf } from '../paging.ts'
import { idOrName, OperationHeaders, PageQuery, refTo } from '../schemas/common.ts'
import { Network, NetworkList, NewNetwork } from '../schemas/network.ts'
import { answers } from '../schemas/problem.ts'
import { networkView } from '../views/network.ts'

const params = Type.Object({ network: idOrName('network', 'demo') })
const tags = ['networks']

/** POST, GET and DELETE of networks. */
export function networkRoutes(app: App, controller: Controller): void {
  addCreate(app, controller)
  addList(app, controller)
  addShow(app, controller)
  addDelete(app, controller)
}

function addCreate(app: App, controller: Controller): void {
  const schema = {
    operationId: 'createNetwork',
    summary: 'Make a network; its name is all that is needed.',
    tags,
    headers: OperationHeaders,
    body: NewNetwork,
    response: answers({ 201: refTo(Network) }, 409, 413, 415),
  }
  app.post('/v1/networks', { schema }, async (request, reply) => {
    const { body } = request
    const { result: id, state } = await create(controller, request, {
      decide: (before, tools) => {
        const { project } = authorise(before, request, tools.now)
        return createNetwork(before, tools, { ...body, project })
      },
      recall: (events) => eventsOf(events, 'network-created').find(({ name }) => name === body.name)?.id,
    })
    reply.code(201).header('location', `/v1/networks/${id}`)
    const { project } = authorise(state, request, controller.now())
    return networkView(findNetwork(state, project, id), state.epoch)
  })
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listNetworks',
    summary: 'The networks of the project, by name, and those that are shared with it.',
    tags,
    querystring: PageQuery,
    response: answers({ 200: refTo(NetworkList) }),
  }
  app.get('/v1/networks', { schema }, async (request) => {
    const { state } = controller
    const scope = authorise(state, request, controller.now())
    return pageOf(networksSeenBy(state, scope.project), request.query, (id) => {
      const network = state.networks.get(id)
      const isHidden = id === state.transit && scope.caller.bound
      return network && !isHidden ? networkView(network, state.epoch) : undefined
    })
  })
}

/** Own networks under their names; of those of others the names may be taken, so their ids follow. */
function networksSeenBy(state: State, project: ProjectId): ImmutableMap<string, NetworkId> {
  const own = state.networksByName.get(project) ?? ImmutableMap<string, NetworkId>()
  const shared = state.sharedNetworks.get(project)
  if (!shared) return own
  return own.concat(
    shared.mapEntries(([id]): [string, NetworkId] => [`${state.networks.get(id)?.name} ${id}`, id]),
  )
}

function addShow(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showNetwork',
    summary: 'One network.',
    tags,
    params,
    response: answers({ 200: refTo(Network) }, 404),
  }
  app.get('/v1/networks/:network', { schema }, async (request) => {
    const { state } = controller
    return networkView(authorise(state, request, controller.now()).network, state.epoch)
  })
}

function addDelete(app: App, controller: Controller): void {
  const schema = {
    operationId: 'deleteNetwork',
    summary: 'Delete a network, with all its members, at once.',
    tags,
    params,
    response: answers({ 204: Type.Null({ description: 'Gone.' }) }, 404, 409),
  }
  app.delete('/v1/networks/:network', { schema }, async (request, reply) => {
    await controller.change({ actor: request.actor }, (state, tools) =>
      deleteNetwork(state, authorise(state, request, tools.now).network.id),
    )
    return reply.code(204).send()
  })
}
