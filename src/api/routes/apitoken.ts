import Type from 'typebox'
import { createApiToken, revokeApiToken } from '../../controller/commands/apitoken.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger/ledger.ts'
import { findApiToken } from '../../controller/lookup.ts'
import { WeftError } from '../../errors.ts'
import { permissionsOf } from '../../model/permission.ts'
import { authorise } from '../access/authorise.ts'
import type { Scope } from '../access/scope.ts'
import { create, notShownAgain } from '../change.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { includes, pageOf } from '../paging.ts'
import { ApiToken, ApiTokenList, CreatedApiToken, NewApiToken, Whoami } from '../schemas/apitoken.ts'
import { listQuery, nameFilter, OperationHeaders, refTo, TokenIdText } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import { apiTokenView } from '../views/apitoken.ts'

const params = Type.Object({ token: TokenIdText })
const tags = ['api-tokens']

/** POST, GET and DELETE of API tokens, and what the one of the caller allows. */
export function apiTokenRoutes(app: App, controller: Controller): void {
  addCreate(app, controller)
  addList(app, controller)
  addShow(app, controller)
  addRevoke(app, controller)
  addWhoami(app, controller)
}

function addCreate(app: App, controller: Controller): void {
  const schema = {
    operationId: 'createApiToken',
    summary: 'Make an API token. Its secret is in this answer only.',
    tags,
    headers: OperationHeaders,
    body: NewApiToken,
    response: answers({ 201: refTo(CreatedApiToken) }, 404, 409, 413, 415),
  }
  app.post('/v1/api-tokens', { schema }, async (request, reply) => {
    const { body } = request
    const { result, state } = await create(controller, request, {
      decide: (before, tools) => {
        const scope = authorise(before, request, tools.now)
        assertNoMoreThanOwn(scope, body)
        const { global, ...given } = body
        return createApiToken(before, tools, global ? given : { ...given, project: scope.project })
      },
      recall: (events) => notShownAgain(eventsOf(events, 'api-token-created')[0]?.id),
    })
    reply.code(201).header('location', `/v1/api-tokens/${result.id}`).header('cache-control', 'no-store')
    const { project } = authorise(state, request, controller.now())
    const { createdAt: _, ...view } = apiTokenView(
      findApiToken(state, project, result.id, { withGlobal: true }),
    )
    return { ...view, token: Buffer.from(result.secret.expose()).toString() }
  })
}

/** Nobody gives away more than he has. */
function assertNoMoreThanOwn(
  { caller }: Scope,
  { role, scopes, global = false }: Type.Static<typeof NewApiToken>,
): void {
  if (global && caller.bound) {
    throw new WeftError('forbidden', 'Only a global token can make a token that counts in all projects.', {
      field: 'global',
      advice: 'Leave it out, and the token counts in this project.',
    })
  }
  const excess = [...permissionsOf({ role, scopes, bound: !global })].filter(
    (one) => !caller.permissions.has(one),
  )
  if (excess.length === 0) return
  throw new WeftError(
    'forbidden',
    `A token cannot make one that may do more than itself: ${excess.join(', ')}.`,
    {
      field: scopes ? 'scopes' : 'role',
      advice: 'Choose a lesser role, or narrow it with scopes.',
    },
  )
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listApiTokens',
    summary: 'The API tokens of the project, by id; for global tokens those that count in all projects, too.',
    tags,
    querystring: listQuery(['id', 'name', 'createdAt'], {
      name: nameFilter,
      global: Type.Optional(
        Type.Boolean({ description: 'Whether only those of all projects, or none of these.' }),
      ),
    }),
    response: answers({ 200: refTo(ApiTokenList) }),
  }
  app.get('/v1/api-tokens', { schema }, async (request) => {
    const { state } = controller
    const { caller, project } = authorise(state, request, controller.now())
    const isSeen = (of: string | undefined) => of === project || (of === undefined && !caller.bound)
    const { name = '', global } = request.query
    return pageOf(state.apiTokens, request.query, {
      keep: (token) =>
        isSeen(token.project) &&
        includes(token, name) &&
        (global === undefined || global === (token.project === undefined)),
      view: apiTokenView,
      orders: { name: (token) => token.name, createdAt: (token) => token.createdAt },
    })
  })
}

function addShow(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showApiToken',
    summary: 'One API token, without its secret.',
    tags,
    params,
    response: answers({ 200: refTo(ApiToken) }, 404),
  }
  app.get('/v1/api-tokens/:token', { schema }, async (request) =>
    apiTokenView(authorise(controller.state, request, controller.now()).apiToken),
  )
}

function addRevoke(app: App, controller: Controller): void {
  const schema = {
    operationId: 'revokeApiToken',
    summary: 'Revoke an API token, at once. The last global one that can make others stays.',
    tags,
    params,
    response: answers({ 204: Type.Null({ description: 'Revoked.' }) }, 404, 409),
  }
  app.delete('/v1/api-tokens/:token', { schema }, async (request, reply) => {
    await controller.change(askedBy(request), (state, tools) =>
      revokeApiToken(state, tools, authorise(state, request, tools.now).apiToken.id),
    )
    return reply.code(204).send()
  })
}

function addWhoami(app: App, controller: Controller): void {
  const schema = {
    operationId: 'whoami',
    summary: 'Who asks, and what it may do.',
    tags,
    response: answers({ 200: refTo(Whoami) }),
  }
  app.get('/v1/whoami', { schema }, async (request) => {
    const { caller, project } = authorise(controller.state, request, controller.now())
    const { id, name, bound, permissions } = caller
    return { id, name, project, global: !bound, permissions: [...permissions].toSorted() }
  })
}
