import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { keysWanted } from '../../controller/commands/batch.ts'
import { addMember, removeMember } from '../../controller/commands/member.ts'
import { assertNotSystem } from '../../controller/commands/network.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger/ledger.ts'
import { findMember, findNode, nodeOf } from '../../controller/lookup.ts'
import type { Tools } from '../../controller/tools.ts'
import { inField } from '../../errors.ts'
import type { KeyStock } from '../../keys/stock.ts'
import type { PublicKey } from '../../keys/wireguard.ts'
import type { Member as MemberState, Network, State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { create } from '../change.ts'
import { assertMatch, tagged, tagOf } from '../etag.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { includes, pageOf } from '../paging.ts'
import { DryRunQuery, rehearse, rehearsed } from '../rehearsal.ts'
import { idOrName, listQuery, MatchHeaders, nameFilter, OperationHeaders, refTo } from '../schemas/common.ts'
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
    querystring: DryRunQuery,
    headers: OperationHeaders,
    body: NewMember,
    response: answers({ ...rehearsed, 201: refTo(Member) }, 404, 409, 413, 415),
  }
  app.post('/v1/networks/:network/members', { schema }, async (request, reply) => {
    const decide = (before: State, tools: Tools, keys?: KeyStock) => {
      const { network, node } = subjects(before, request, tools.now)
      assertNotSystem(before, network.id)
      return addMember(before, tools, network.id, node.id, keys)
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    using keys = await controller.mint.stock(owners(controller, request))
    const { result, state } = await create(controller, request, {
      decide: (before, tools) => decide(before, tools, keys),
      recall: (events, after) => {
        const { network, node } = subjects(after, request, controller.now())
        const added = eventsOf(events, 'member-added').filter((event) => event.network === network.id)
        return added.find((event) => event.node === node.id)?.node
      },
    })
    const { project, network } = authorise(state, request, controller.now())
    reply.code(201).header('location', `/v1/networks/${network.id}/members/${result}`)
    return view(controller, state, network, findMember(state, project, network.id, result))
  })
}

type CreateRequest = FastifyRequest & { readonly body: Type.Static<typeof NewMember> }

/** The network, which may be one of another project, and the node, which may not. */
function subjects(state: State, request: CreateRequest, now: number) {
  const { project, network } = authorise(state, request, now)
  return { network, node: inField('node', () => findNode(state, project, request.body.node)) }
}

/** Whose key will be needed. What is wrong with the request is found when it is decided, on a state that is sure. */
function owners(controller: Controller, request: CreateRequest): readonly PublicKey[] {
  const { state } = controller
  const { project, network } = authorise(state, request, controller.now())
  const node = nodeOf(state, project, request.body.node)
  return node ? keysWanted(state, network.id, [node.id]) : []
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listMembers',
    summary: 'All members of a network, by node id.',
    tags,
    params: networkParams,
    querystring: listQuery(['node', 'name', 'addedAt'], {
      name: nameFilter,
      state: Type.Optional(Type.Index(Member, ['state'])),
    }),
    response: answers({ 200: refTo(MemberList) }, 404),
  }
  app.get('/v1/networks/:network/members', { schema }, async (request) => {
    const { state } = controller
    const { network } = authorise(state, request, controller.now())
    const { name = '', state: wanted } = request.query
    return pageOf(network.members, request.query, {
      keep: (member) => includes(state.nodes.get(member.node), name),
      view: (member) => {
        const shown = view(controller, state, network, member)
        return wanted === undefined || shown.state === wanted ? shown : undefined
      },
      orders: {
        name: (member) => state.nodes.get(member.node)?.name ?? '',
        addedAt: (member) => member.addedAt,
      },
    })
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
  app.get('/v1/networks/:network/members/:node', { schema }, async (request, reply) => {
    const { state } = controller
    const { network, member } = authorise(state, request, controller.now())
    return tagged(reply, view(controller, state, network, member), tagOf(member))
  })
}

function addDelete(app: App, controller: Controller): void {
  const schema = {
    operationId: 'removeMember',
    summary: 'Take a node out of a network. Its addresses stay reserved for its return for a while.',
    tags,
    params: memberParams,
    querystring: DryRunQuery,
    headers: MatchHeaders,
    response: answers({ ...rehearsed, 204: Type.Null({ description: 'Gone.' }) }, 404, 409, 412),
  }
  app.delete('/v1/networks/:network/members/:node', { schema }, async (request, reply) => {
    const decide = (state: State, tools: Tools) => {
      const { network, member } = authorise(state, request, tools.now)
      assertNotSystem(state, network.id)
      assertMatch(request, tagOf(member))
      return removeMember(state, tools, network.id, member.node)
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    await controller.change(askedBy(request), decide)
    return reply.code(204).send()
  })
}

function view(controller: Controller, state: State, network: Network, member: MemberState): Member {
  const name = state.nodes.get(member.node)?.name ?? member.node
  return memberView(network, member, name, controller.status.member(network, member.node))
}
