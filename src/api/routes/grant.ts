import Type from 'typebox'
import { guestsOf, shareNetwork, unshareNetwork } from '../../controller/commands/grant.ts'
import type { Controller } from '../../controller/controller.ts'
import { absent } from '../../controller/lookup.ts'
import type { Tools } from '../../controller/tools.ts'
import type { State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { assertConfirmed, onlineAmong } from '../confirm.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { pageOf } from '../paging.ts'
import { dryRunQuery, rehearse, rehearsed } from '../rehearsal.ts'
import { ConfirmQuery, idOrName, listQuery, refTo } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import { Grant, GrantList } from '../schemas/project.ts'

const inNetwork = { network: idOrName('network', 'demo') }
const params = Type.Object({
  ...inNetwork,
  project: idOrName('project to share with', 'prj-4tq2b7w3xk5lm6np'),
})
const tags = ['networks']

/** PUT, GET and DELETE of grants: with which projects a network is shared. */
export function grantRoutes(app: App, controller: Controller): void {
  addShare(app, controller)
  addList(app, controller)
  addUnshare(app, controller)
}

function addShare(app: App, controller: Controller): void {
  const schema = {
    operationId: 'shareNetwork',
    summary:
      'Let nodes of another project be members: it sees the network by its id, and adds and removes its own nodes.',
    tags,
    params,
    response: answers({ 200: refTo(Grant) }, 404, 409),
  }
  app.put('/v1/networks/:network/grants/:project', { schema }, async (request) => {
    const outcome = await controller.change(askedBy(request), (state, tools) => {
      const { network, subject } = authorise(state, request, tools.now)
      const { events } = shareNetwork(state, network.id, subject.id)
      return { events, result: { network: network.id, project: subject.id } }
    })
    if (!outcome.repeated) return outcome.result
    const { network, subject } = authorise(outcome.state, request, controller.now())
    return { network: network.id, project: subject.id }
  })
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listGrants',
    summary: 'With which projects a network is shared, by id.',
    tags,
    params: Type.Object(inNetwork),
    querystring: listQuery(['project'], {
      with: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 64,
          description: 'Only the grant to this project, by its id: whether there is one.',
          examples: ['prj-4tq2b7w3xk5lm6np'],
        }),
      ),
    }),
    response: answers({ 200: refTo(GrantList) }, 404),
  }
  app.get('/v1/networks/:network/grants', { schema }, async (request) => {
    const { network } = authorise(controller.state, request, controller.now())
    const projects = network.grants.map((_, project) => project)
    const { with: wanted } = request.query
    return pageOf(projects, request.query, {
      keep: (project) => wanted === undefined || wanted === project,
      view: (project) => ({ network: network.id, project }),
    })
  })
}

function addUnshare(app: App, controller: Controller): void {
  const schema = {
    operationId: 'unshareNetwork',
    summary:
      'Share a network no longer: nodes of the other project are members no more, at once. Wants the name of the network back while any of them is online.',
    tags,
    params,
    querystring: Type.Object({ ...ConfirmQuery.properties, ...dryRunQuery }, { additionalProperties: false }),
    response: answers({ ...rehearsed, 204: Type.Null({ description: 'Shared no longer.' }) }, 404, 409),
  }
  app.delete('/v1/networks/:network/grants/:project', { schema }, async (request, reply) => {
    const decide = (state: State, tools: Tools) => {
      const { network, subject } = authorise(state, request, tools.now)
      if (!network.grants.has(subject.id))
        throw absent('grant', request.params.project, `network grants ${network.name}`)
      const { events } = unshareNetwork(state, tools, network.id, subject.id)
      return { events, result: { name: network.name, guests: guestsOf(state, network, subject.id) } }
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    await controller.change(askedBy(request), (state, tools) => {
      const { events, result } = decide(state, tools)
      assertConfirmed(result.name, request.query.confirm, onlineAmong(controller, result.guests))
      return { events, result: undefined }
    })
    return reply.code(204).send()
  })
}
