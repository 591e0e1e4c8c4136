import Type from 'typebox'
import { addMember, removeMember } from '../../controller/commands/member.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger.ts'
import { findMember, findNetwork, findNode } from '../../controller/lookup.ts'
import type { Member as MemberState, Network, State } from '../../model/state.ts'
import type { App } from '../app.ts'
import { create } from '../change.ts'
import { pageOf } from '../paging.ts'
import { idOrName, OperationHeaders, PageQuery, refTo } from '../schemas/common.ts'
import { Member, MemberList, NewMember } from '../schemas/member.ts'
import { answers } from '../schemas/problem.ts'
import { memberView } from '../views/member.ts'

const inNetwork = { network: idOrName('network', 'demo') }
const networkParams = Type.Object(inNetwork)
const memberParams = Type.Object({ ...inNetwork, node: idOrName('node', 'web-1') })
const tags = ['members']

/** POST, GET and DELETE of the members of a network. */
export function memberRoutes(app: App, controller: Controller): void {
  const view = (state: State, network: Network, member: MemberState) => {
    const name = state.nodes.get(member.node)?.name ?? member.node
    return memberView(network, member, name, controller.memberStatus(network, member.node))
  }

  app.post('/v1/networks/:network/members', { schema: addSchema }, async (request, reply) => {
    const place = (at: State) => ({
      network: findNetwork(at, request.params.network).id,
      node: findNode(at, request.body.node).id,
    })
    const { result: node, state } = await create(controller, request, {
      decide: (before, tools) => {
        const { network, node } = place(before)
        return addMember(before, tools, network, node)
      },
      recall: (events, after) => {
        const { network, node } = place(after)
        return eventsOf(events, 'member-added').find((made) => made.network === network && made.node === node)
          ?.node
      },
    })
    const network = findNetwork(state, request.params.network)
    reply.code(201).header('location', `/v1/networks/${network.id}/members/${node}`)
    return view(state, network, findMember(state, network.id, node))
  })

  app.get('/v1/networks/:network/members', { schema: listSchema }, async (request) => {
    const { state } = controller
    const network = findNetwork(state, request.params.network)
    return pageOf(network.members, request.query, (member) => view(state, network, member))
  })

  app.get('/v1/networks/:network/members/:node', { schema: showSchema }, async (request) => {
    const { state } = controller
    const network = findNetwork(state, request.params.network)
    return view(state, network, findMember(state, network.id, request.params.node))
  })

  app.delete('/v1/networks/:network/members/:node', { schema: removeSchema }, async (request, reply) => {
    await controller.change({ actor: request.actor }, (state, tools) => {
      const { id } = findNetwork(state, request.params.network)
      return removeMember(state, tools, id, findMember(state, id, request.params.node).node)
    })
    return reply.code(204).send()
  })
}

const addSchema = {
  operationId: 'addMember',
  summary: 'Add a node to a network: it gets its addresses and key, and all others hear of it.',
  tags,
  params: networkParams,
  headers: OperationHeaders,
  body: NewMember,
  response: answers({ 201: refTo(Member) }, 404, 409, 413, 415),
}

const listSchema = {
  operationId: 'listMembers',
  summary: 'All members of a network, by node id.',
  tags,
  params: networkParams,
  querystring: PageQuery,
  response: answers({ 200: refTo(MemberList) }, 404),
}

const showSchema = {
  operationId: 'showMember',
  summary: 'One member of a network.',
  tags,
  params: memberParams,
  response: answers({ 200: refTo(Member) }, 404),
}

const removeSchema = {
  operationId: 'removeMember',
  summary: 'Take a node out of a network. Its addresses stay reserved for its return for a while.',
  tags,
  params: memberParams,
  response: answers({ 204: Type.Null({ description: 'Gone.' }) }, 404, 409),
}
