import Type from 'typebox'
import { createProject, deleteProject } from '../../controller/commands/project.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger/ledger.ts'
import { findProject } from '../../controller/lookup.ts'
import type { Tools } from '../../controller/tools.ts'
import type { ProjectId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { create } from '../change.ts'
import { assertConfirmed } from '../confirm.ts'
import { assertMatch, tagged, tagOf } from '../etag.ts'
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
import { answers } from '../schemas/problem.ts'
import { NewProject, Project, ProjectList } from '../schemas/project.ts'
import { projectView } from '../views/project.ts'

const params = Type.Object({ project: idOrName('project', 'acme') })
const tags = ['projects']

/** POST, GET and DELETE of projects. */
export function projectRoutes(app: App, controller: Controller): void {
  addCreate(app, controller)
  addList(app, controller)
  addShow(app, controller)
  addDelete(app, controller)
}

function addCreate(app: App, controller: Controller): void {
  const schema = {
    operationId: 'createProject',
    summary: 'Make a project: a tenant with networks, nodes and tokens of its own.',
    tags,
    headers: OperationHeaders,
    body: NewProject,
    response: answers({ 201: refTo(Project) }, 409, 413, 415),
  }
  app.post('/v1/projects', { schema }, async (request, reply) => {
    const { body } = request
    const { result: id, state } = await create(controller, request, {
      decide: (before, tools) => {
        authorise(before, request, tools.now)
        return createProject(before, tools, body)
      },
      recall: (events) => eventsOf(events, 'project-created').find(({ name }) => name === body.name)?.id,
    })
    reply.code(201).header('location', `/v1/projects/${id}`)
    const view = projectView(findProject(state, id))
    return tagged(reply, view, tagOf(view))
  })
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listProjects',
    summary: 'All projects, by name; only its own for a token of one project.',
    tags,
    querystring: listQuery(['name', 'createdAt'], { name: nameFilter }),
    response: answers({ 200: refTo(ProjectList) }),
  }
  app.get('/v1/projects', { schema }, async (request) => {
    const { state } = controller
    const { caller } = authorise(state, request, controller.now())
    const { projects, projectsByName } = state
    const { name = '' } = request.query
    return pageOf(projectsByName, request.query, {
      keep: (id) => (!caller.bound || id === caller.home) && includes(projects.get(id), name),
      view: (id) => shown(projects.get(id), projectView),
      orders: { createdAt: (id) => projects.get(id)?.createdAt ?? 0 },
    })
  })
}

function addShow(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showProject',
    summary: 'One project.',
    tags,
    params,
    response: answers({ 200: refTo(Project) }, 404),
  }
  app.get('/v1/projects/:project', { schema }, async (request, reply) => {
    const view = projectView(authorise(controller.state, request, controller.now()).subject)
    return tagged(reply, view, tagOf(view))
  })
}

function addDelete(app: App, controller: Controller): void {
  const schema = {
    operationId: 'deleteProject',
    summary:
      'Delete a project with all its networks, nodes, tokens and webhooks, at once. Wants its name back if it has any of these.',
    tags,
    params,
    querystring: Type.Object({ ...ConfirmQuery.properties, ...dryRunQuery }, { additionalProperties: false }),
    headers: MatchHeaders,
    response: answers({ ...rehearsed, 204: Type.Null({ description: 'Gone.' }) }, 404, 409, 412),
  }
  app.delete('/v1/projects/:project', { schema }, async (request, reply) => {
    const decide = (state: State, tools: Tools) => {
      const { subject } = authorise(state, request, tools.now)
      assertMatch(request, tagOf(projectView(subject)))
      return { ...deleteProject(state, tools, subject.id), result: subject }
    }
    const wouldBe = rehearse(controller, request, decide)
    if (wouldBe) return wouldBe
    await controller.change(askedBy(request), (state, tools) => {
      const { events, result: project } = decide(state, tools)
      assertConfirmed(project.name, request.query.confirm, belongings(state, project.id, tools.now))
      return { events, result: undefined }
    })
    return reply.code(204).send()
  })
}

/** What ends with a project; tokens that have ended by themselves are none of it. */
function belongings(state: State, project: ProjectId, now: number): string | undefined {
  const isOwn = (thing: Owned) => thing.project === project && (thing.expiresAt ?? Infinity) > now
  const counts: readonly (readonly [count: number, of: string])[] = [
    [state.networksByName.get(project)?.size ?? 0, 'network'],
    [state.nodesByName.get(project)?.size ?? 0, 'node'],
    [state.apiTokens.count(isOwn), 'API token'],
    [state.joinTokens.count(isOwn), 'join token'],
    [state.webhooks.count(isOwn), 'webhook'],
  ]
  const told = counts
    .filter(([count]) => count > 0)
    .map(([count, of]) => `${count} ${of}${count === 1 ? '' : 's'}`)
  return told.length === 0 ? undefined : told.join(', ').replace(/, ([^,]*)$/, ' and $1')
}

interface Owned {
  readonly project: ProjectId | undefined
  readonly expiresAt?: number | undefined
}
