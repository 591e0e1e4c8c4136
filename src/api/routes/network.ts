import { Map as ImmutableMap } from 'immutable'
import Type from 'typebox'
import { createNetwork, deleteNetwork } from '../../controller/commands/network.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger/ledger.ts'
import { findNetwork } from '../../controller/lookup.ts'
import type { Tools } from '../../controller/tools.ts'
import type { NetworkId, ProjectId } from '../../model/names.ts'
import type { Network as NetworkState, State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { create } from '../change.ts'
import { assertConfirmed, onlineAmong } from '../confirm.ts'
import { assertMatch, tagged } from '../etag.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { includes, pageOf, shown } from '../paging.ts'
import { dryRunQuery, rehearse, rehearsed } from '../rehearsal.ts'
import {
  ConfirmQuery,
  idOrName,
  listQuery,
  MatchHeaders,
  nameFilter,
  OperationHeaders,
  refTo,
} from '../schemas/common.ts'
import { Network, NetworkList, NewNetwork } from '../schemas/network.ts'
import { answers } from '../schemas/problem.ts'
import { networkTag, networkView } from '../views/network.ts'

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
    const network = findNetwork(state, project, id)
    return tagged(reply, networkView(network, state.epoch), networkTag(network, state.epoch))
  })
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listNetworks',
    summary: 'The networks of the project, by name, and those that are shared with it.',
    tags,
    querystring: listQuery(['name', 'createdAt'], {
      name: nameFilter,
      topology: Type.Optional(Type.Index(Network, ['topology'])),
      shared: Type.Optional(
        Type.Boolean({ description: 'Whether only those of other projects, or none of these.' }),
      ),
    }),
    response: answers({ 200: refTo(NetworkList) }),
  }
  app.get('/v1/networks', { schema }, async (request) => {
    const { state } = controller
    const scope = authorise(state, request, controller.now())
    const { name = '', topology, shared } = request.query
    const isWanted = (network: NetworkState | undefined) =>
      includes(network, name) &&
      (topology === undefined || network?.topology === topology) &&
      (shared === undefined || shared === (network?.project !== scope.project))
    return pageOf(networksSeenBy(state, scope.project), request.query, {
      keep: (id) => !(id === state.transit && scope.caller.bound) && isWanted(state.networks.get(id)),
      view: (id) => shown(state.networks.get(id), (network) => networkView(network, state.epoch)),
      orders: { createdAt: (id) => state.networks.get(id)?.createdAt ?? 0 },
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
  app.get('/v1/networks/:network', { schema }, async (request, reply) => {
    const { state } = controller
    const { network } = authorise(state, request, controller.now())
    return tagged(reply, networkView(network, state.epoch), networkTag(network, state.epoch))
  })
}

function addDelete(app: App, controller: Controller): void {
  const schema = {
    operationId: 'deleteNetwork',
    summary: 'Delete a network, with all its members, at once. Wants its name back while members are online.',
    tags,
    params,
    querystring: Type.Object({ ...ConfirmQuery.properties, ...dryRunQuery }, { additionalProperties: false }),
    headers: MatchHeaders,
    response: answers({ ...rehearsed, 204: Type.Null({ description: 'Gone.' }) }, 404, 409, 412),
  }
  app.delete('/v1/networks/:network', { schema }, async (request, reply) => {
    const decide = (state: State, tools: Tools) => {
      const { network } = authorise(state, request, tools.now)
      assertMatch(request, networkTag(network, state.epoch))
      return { ...deleteNetwork(state, network.id), result: network }
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    await controller.change(askedBy(request), (state, tools) => {
      const { events, result: network } = decide(state, tools)
      assertConfirmed(
        network.name,
        request.query.confirm,
        onlineAmong(controller, [...network.members.keys()]),
      )
      return { events, result: undefined }
    })
    return reply.code(204).send()
  })
}
