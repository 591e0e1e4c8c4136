import Type from 'typebox'
import { createNetwork, deleteNetwork } from '../../controller/commands/network.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger.ts'
import { findNetwork } from '../../controller/lookup.ts'
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
      decide: (before, tools) => createNetwork(before, tools, body),
      recall: (events) => eventsOf(events, 'network-created').find(({ name }) => name === body.name)?.id,
    })
    reply.code(201).header('location', `/v1/networks/${id}`)
    return networkView(findNetwork(state, id), state.epoch)
  })
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listNetworks',
    summary: 'All networks, by name.',
    tags,
    querystring: PageQuery,
    response: answers({ 200: refTo(NetworkList) }),
  }
  app.get('/v1/networks', { schema }, async (request) => {
    const { networks, networksByName, epoch } = controller.state
    return pageOf(networksByName, request.query, (id) => {
      const network = networks.get(id)
      return network && networkView(network, epoch)
    })
  })
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
    return networkView(findNetwork(state, request.params.network), state.epoch)
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
  app.delete('/v1/networks/:network', { schema }, async ({ actor, params: { network } }, reply) => {
    await controller.change({ actor }, (state) => deleteNetwork(state, findNetwork(state, network).id))
    return reply.code(204).send()
  })
}
