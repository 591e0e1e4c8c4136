import Type from 'typebox'
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  type WebhookChanges,
  type WebhookInput,
} from '../../controller/commands/webhook.ts'
import type { Controller } from '../../controller/controller.ts'
import { eventsOf } from '../../controller/ledger/ledger.ts'
import { findWebhook } from '../../controller/lookup.ts'
import { secretText } from '../../controller/webhooks/signature.ts'
import type { State } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { create, notShownAgain } from '../change.ts'
import { assertMatch, tagged, tagOf } from '../etag.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { includes, pageOf } from '../paging.ts'
import { listQuery, MatchHeaders, nameFilter, OperationHeaders, refTo } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import {
  CreatedWebhook,
  NewWebhook,
  Webhook,
  WebhookDetail,
  WebhookIdText,
  WebhookList,
  WebhookPatch,
} from '../schemas/webhook.ts'
import { instantText } from '../views/instant.ts'
import { webhookView } from '../views/webhook.ts'

const params = Type.Object({ webhook: WebhookIdText })
const tags = ['webhooks']

/** POST, GET, PATCH and DELETE of webhooks. */
export function webhookRoutes(app: App, controller: Controller): void {
  addCreate(app, controller)
  addList(app, controller)
  addShow(app, controller)
  addChange(app, controller)
  addDelete(app, controller)
}

function addCreate(app: App, controller: Controller): void {
  const schema = {
    operationId: 'createWebhook',
    summary: 'Have a place outside told of what changes in the project. The secret is in this answer only.',
    description:
      "Messages are POSTs of `{type: 'change', timestamp, data}`; data is as in live events. They are signed (https://www.standardwebhooks.com), come in order and at least once: `webhook-id` tells doubles. Any status from 200 to 299 within ten seconds takes a message; redirects are not followed.",
    tags,
    headers: OperationHeaders,
    body: NewWebhook,
    response: answers({ 201: refTo(CreatedWebhook) }, 404, 409, 413, 415),
  }
  app.post('/v1/webhooks', { schema }, async (request, reply) => {
    const { result, state } = await create(controller, request, {
      decide: (before, tools) => {
        const { project } = authorise(before, request, tools.now)
        const input: WebhookInput = { ...request.body, project }
        return createWebhook(before, tools, controller.vault, input)
      },
      recall: (events) => notShownAgain(eventsOf(events, 'webhook-created')[0]?.id, 'webhook'),
    })
    const { project } = authorise(state, request, controller.now())
    reply.code(201).header('location', `/v1/webhooks/${result.id}`).header('cache-control', 'no-store')
    return { ...webhookView(findWebhook(state, project, result.id)), secret: secretText(result.secret) }
  })
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listWebhooks',
    summary: 'The webhooks of the project, by id.',
    tags,
    querystring: listQuery(['id', 'name', 'createdAt'], {
      name: nameFilter,
      enabled: Type.Optional(
        Type.Boolean({ description: 'Whether only those that are enabled, or none of these.' }),
      ),
    }),
    response: answers({ 200: refTo(WebhookList) }),
  }
  app.get('/v1/webhooks', { schema }, async (request) => {
    const { state } = controller
    const { project } = authorise(state, request, controller.now())
    const { name = '', enabled } = request.query
    return pageOf(state.webhooks, request.query, {
      keep: (webhook) =>
        webhook.project === project &&
        includes(webhook, name) &&
        (enabled === undefined || enabled === webhook.enabled),
      view: webhookView,
      orders: { name: (webhook) => webhook.name, createdAt: (webhook) => webhook.createdAt },
    })
  })
}

function addShow(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showWebhook',
    summary: 'One webhook, without its secret, and how far it is.',
    tags,
    params,
    response: answers({ 200: refTo(WebhookDetail) }, 404),
  }
  app.get('/v1/webhooks/:webhook', { schema }, async (request, reply) => {
    const { webhook } = authorise(controller.state, request, controller.now())
    const standing = await controller.webhooks.standing(webhook.id)
    const view = webhookView(webhook)
    const { sequence = webhook.since, failingSince } = standing ?? {}
    const since = failingSince === undefined ? null : instantText(failingSince)
    return tagged(reply, { ...view, acknowledged: sequence, failingSince: since }, tagOf(view))
  })
}

function addChange(app: App, controller: Controller): void {
  const schema = {
    operationId: 'changeWebhook',
    summary: 'Change a webhook, disable it, or enable it again: then it goes on where it stopped.',
    tags,
    params,
    headers: MatchHeaders,
    body: WebhookPatch,
    response: answers({ 200: refTo(Webhook) }, 404, 409, 412, 413, 415),
  }
  app.patch('/v1/webhooks/:webhook', { schema }, async (request, reply) => {
    const { state } = await controller.change(askedBy(request), (before: State, tools) => {
      const { webhook } = authorise(before, request, tools.now)
      assertMatch(request, tagOf(webhookView(webhook)))
      const changes: WebhookChanges = request.body
      return changeWebhook(before, tools, webhook, changes)
    })
    const view = webhookView(authorise(state, request, controller.now()).webhook)
    return tagged(reply, view, tagOf(view))
  })
}

function addDelete(app: App, controller: Controller): void {
  const schema = {
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook: it is told nothing more.',
    tags,
    params,
    headers: MatchHeaders,
    response: answers({ 204: Type.Null({ description: 'Gone.' }) }, 404, 409, 412),
  }
  app.delete('/v1/webhooks/:webhook', { schema }, async (request, reply) => {
    await controller.change(askedBy(request), (state: State, tools) => {
      const { webhook } = authorise(state, request, tools.now)
      assertMatch(request, tagOf(webhookView(webhook)))
      return deleteWebhook(state, webhook.id)
    })
    return reply.code(204).send()
  })
}
