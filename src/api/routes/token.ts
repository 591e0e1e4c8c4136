import Type from 'typebox'
import { createJoinToken, revokeJoinToken } from '../../controller/commands/token.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger.ts'
import { findJoinToken } from '../../controller/lookup.ts'
import { WeftError } from '../../errors.ts'
import type { Event } from '../../model/event.ts'
import type { App } from '../app.ts'
import { create } from '../change.ts'
import { pageOf } from '../paging.ts'
import { OperationHeaders, PageQuery, refTo, TokenIdText } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import { CreatedToken, NewToken, TokenList } from '../schemas/token.ts'
import { instantText } from '../views/instant.ts'
import { tokenView } from '../views/token.ts'

const tags = ['tokens']

/** POST, GET and DELETE of join tokens. */
export function tokenRoutes(app: App, controller: Controller): void {
  app.post('/v1/tokens', { schema: createSchema }, async (request, reply) => {
    const { result } = await create(controller, request, {
      decide: (state, tools) => createJoinToken(state, tools, request.body),
      recall: (events) => notShownAgain(events),
    })
    reply.code(201).header('location', `/v1/tokens/${result.id}`).header('cache-control', 'no-store')
    return {
      id: result.id,
      token: controller.joinToken(result.secret),
      expiresAt: instantText(result.expiresAt),
    }
  })

  app.get('/v1/tokens', { schema: listSchema }, async (request) =>
    pageOf(controller.state.joinTokens, request.query, tokenView),
  )

  app.delete('/v1/tokens/:token', { schema: revokeSchema }, async (request, reply) => {
    await controller.change({ actor: request.actor }, (state) =>
      revokeJoinToken(state, findJoinToken(state, request.params.token).id),
    )
    return reply.code(204).send()
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

const createSchema = {
  operationId: 'createToken',
  summary: 'Make a join token. Its secret is in this answer only.',
  tags,
  headers: OperationHeaders,
  body: NewToken,
  response: answers({ 201: refTo(CreatedToken) }, 404, 409, 413, 415),
}

const listSchema = {
  operationId: 'listTokens',
  summary: 'All join tokens that were not revoked, by id, spent and expired ones among them.',
  tags,
  querystring: PageQuery,
  response: answers({ 200: refTo(TokenList) }),
}

const revokeSchema = {
  operationId: 'revokeToken',
  summary: 'Revoke a join token. Nodes that joined with it stay.',
  tags,
  params: Type.Object({ token: TokenIdText }),
  response: answers({ 204: Type.Null({ description: 'Revoked.' }) }, 404, 409),
}
