import Type from 'typebox'
import { createJoinToken, revokeJoinToken } from '../../controller/commands/token.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger/ledger.ts'
import { authorise } from '../access/authorise.ts'
import { create, notShownAgain } from '../change.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { pageOf } from '../paging.ts'
import { listQuery, OperationHeaders, refTo, TokenIdText } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import { CreatedToken, NewToken, TokenList } from '../schemas/token.ts'
import { instantText } from '../views/instant.ts'
import { tokenView } from '../views/token.ts'

const tags = ['tokens']

/** POST, GET and DELETE of join tokens. */
export function tokenRoutes(app: App, controller: Controller): void {
  addCreate(app, controller)
  addList(app, controller)
  addRevoke(app, controller)
}

function addCreate(app: App, controller: Controller): void {
  const schema = {
    operationId: 'createToken',
    summary: 'Make a join token. Its secret is in this answer only.',
    tags,
    headers: OperationHeaders,
    body: NewToken,
    response: answers({ 201: refTo(CreatedToken) }, 404, 409, 413, 415),
  }
  app.post('/v1/tokens', { schema }, async (request, reply) => {
    const { result } = await create(controller, request, {
      decide: (state, tools) => {
        const { project } = authorise(state, request, tools.now)
        return createJoinToken(state, tools, { ...request.body, project })
      },
      recall: (events) => notShownAgain(eventsOf(events, 'join-token-created')[0]?.id),
    })
    const { id, secret, expiresAt } = result
    reply.code(201).header('cache-control', 'no-store')
    return { id, token: controller.joinToken(secret), expiresAt: instantText(expiresAt) }
  })
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listTokens',
    summary: 'All join tokens that were not revoked, by id, spent and expired ones among them.',
    tags,
    querystring: listQuery(['id', 'createdAt', 'expiresAt'], {
      usable: Type.Optional(
        Type.Boolean({ description: 'Whether only those with which a node can join now, or none of these.' }),
      ),
    }),
    response: answers({ 200: refTo(TokenList) }),
  }
  app.get('/v1/tokens', { schema }, async (request) => {
    const now = controller.now()
    const { project } = authorise(controller.state, request, now)
    const { usable } = request.query
    return pageOf(controller.state.joinTokens, request.query, {
      keep: (token) =>
        token.project === project &&
        (usable === undefined || usable === (token.uses > 0 && token.expiresAt > now)),
      view: tokenView,
      orders: { createdAt: (token) => token.createdAt, expiresAt: (token) => token.expiresAt },
    })
  })
}

function addRevoke(app: App, controller: Controller): void {
  const schema = {
    operationId: 'revokeToken',
    summary: 'Revoke a join token. Nodes that joined with it stay.',
    tags,
    params: Type.Object({ token: TokenIdText }),
    response: answers({ 204: Type.Null({ description: 'Revoked.' }) }, 404, 409),
  }
  app.delete('/v1/tokens/:token', { schema }, async (request, reply) => {
    await controller.change(askedBy(request), (state, tools) =>
      revokeJoinToken(state, authorise(state, request, tools.now).joinToken.id),
    )
    return reply.code(204).send()
  })
}
