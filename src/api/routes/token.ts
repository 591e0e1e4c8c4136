import Type from 'typebox'
import { createJoinToken, revokeJoinToken } from '../../controller/commands/token.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger.ts'
import { findJoinToken } from '../../controller/lookup.ts'
import { WeftError } from '../../errors.ts'
import type { Event } from '../../model/event.ts'
import { create } from '../change.ts'
import type { App } from '../instance.ts'
import { pageOf } from '../paging.ts'
import { OperationHeaders, PageQuery, refTo, TokenIdText } from '../schemas/common.ts'
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
      decide: (state, tools) => createJoinToken(state, tools, request.body),
      recall: notShownAgain,
    })
    const { id, secret, expiresAt } = result
    reply.code(201).header('cache-control', 'no-store')
    return { id, token: controller.joinToken(secret), expiresAt: instantText(expiresAt) }
  })
}

/** The secret of a token is not kept, so the answer to a repeated POST cannot be given. */
function notShownAgain(events: readonly Event[]): undefined {
  const [made] = eventsOf(events, 'join-token-created')
  if (!made) return undefined
  throw new WeftError(
    'already-exists',
    `This request made the token ${made.id} before; it is not shown again.`,
    {
      field: 'idempotency-key',
      advice: `Revoke ${made.id} if its answer was lost, and make another with a new key.`,
    },
  )
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listTokens',
    summary: 'All join tokens that were not revoked, by id, spent and expired ones among them.',
    tags,
    querystring: PageQuery,
    response: answers({ 200: refTo(TokenList) }),
  }
  app.get('/v1/tokens', { schema }, async (request) =>
    pageOf(controller.state.joinTokens, request.query, tokenView),
  )
}

function addRevoke(app: App, controller: Controller): void {
  const schema = {
    operationId: 'revokeToken',
    summary: 'Revoke a join token. Nodes that joined with it stay.',
    tags,
    params: Type.Object({ token: TokenIdText }),
    response: answers({ 204: Type.Null({ description: 'Revoked.' }) }, 404, 409),
  }
  app.delete('/v1/tokens/:token', { schema }, async ({ actor, params: { token } }, reply) => {
    await controller.change({ actor }, (state) => revokeJoinToken(state, findJoinToken(state, token).id))
    return reply.code(204).send()
  })
}
