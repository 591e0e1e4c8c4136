import Type from 'typebox'
import { addMember, removeMember } from '../../controller/commands/member.ts'
import { assertNotSystem } from '../../controller/commands/network.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger.ts'
import { findMember, findNetwork, findNode } from '../../controller/lookup.ts'
import type { Member as MemberState, Network, State } from '../../model/state.ts'
import { create } from '../change.ts'
import type { App } from '../instance.ts'
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
  addCreate(app, controller)
  addList(app, controller)
  addShow(app, controller)
  addDelete(app, controller)
}

function addCreate(app: App, controller: Controller): void {
  const schema = {
    operationId: 'addMember',
    summary: 'Add a node to a network: it gets its addresses and key, and all others hear of it.',
    tags,
    params: networkParams,
    headers: OperationHeaders,
    body: NewMember,
    response: answers({ 201: refTo(Member) }, 404, 409, 413, 415),
  }
  app.post('/v1/networks/:network/members', { schema }, async (request, reply) => {
    const networkIn = (state: State) => findNetwork(state, request.params.network)
    const nodeIn = (state: State) => findNode(state, request.body.node).id
    const { result, state } = await create(controller, request, {
      decide: (before, tools) => {
        const { id } = networkIn(before)
        assertNotSystem(before, id)
        return addMember(before, tools, id, nodeIn(before))
      },
      recall: (events, after) =>
        eventsOf(events, 'member-added')
          .filter(({ network }) => network === networkIn(after).id)
          .find(({ node }) => node === nodeIn(after))?.node,
    })
    const network = networkIn(state)
    reply.code(201).header('location', `/v1/networks/${network.id}/members/${result}`)
    return view(controller, state, network, findMember(state, network.id, result))
  })
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listMembers',
    summary: 'All members of a network, by node id.',
    tags,
    params: networkParams,
    querystring: PageQuery,
    response: answers({ 200: refTo(MemberList) }, 404),
  }
  app.get('/v1/networks/:network/members', { schema }, async (request) => {
    const { state } = controller
    const network = findNetwork(state, request.params.network)
    return pageOf(network.members, request.query, (member) => view(controller, state, network, member))
  })
}

function addShow(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showMember',
    summary: 'One member of a network.',
    tags,
    params: memberParams,
    response: answers({ 200: refTo(Member) }, 404),
  }
  app.get('/v1/networks/:network/members/:node', { schema }, async (request) => {
    const { state } = controller
    const network = findNetwork(state, request.params.network)
    return view(controller, state, network, findMember(state, network.id, request.params.node))
  })
}

function addDelete(app: App, controller: Controller): void {
  const schema = {
    operationId: 'removeMember',
    summary: 'Take a node out of a network. Its addresses stay reserved for its return for a while.',
    tags,
    params: memberParams,
    response: answers({ 204: Type.Null({ description: 'Gone.' }) }, 404, 409),
  }
  app.delete('/v1/networks/:network/members/:node', { schema }, async ({ actor, params }, reply) => {
    await controller.change({ actor }, (state, tools) => {
      const { id } = findNetwork(state, params.network)
      assertNotSystem(state, id)
      return removeMember(state, tools, id, findMember(state, id, params.node).node)
    })
    return reply.code(204).send()
  })
}

function view(controller: Controller, state: State, network: Network, member: MemberState): Member {
  const name = state.nodes.get(member.node)?.name ?? member.node
  return memberView(network, member, name, controller.memberStatus(network, member.node))
}
