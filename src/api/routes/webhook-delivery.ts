import { createHash, randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Map as ImmutableMap } from 'immutable'
import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import type { State, Webhook } from '../../model/state.ts'
import { authorise } from '../access/authorise.ts'
import { create } from '../change.ts'
import type { App } from '../instance.ts'
import { pageOf } from '../paging.ts'
import { listQuery, OperationHeaders, refTo } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import { DeliveryIdText, WebhookDelivery, WebhookDeliveryList, WebhookIdText } from '../schemas/webhook.ts'
import { deliveryView } from '../views/webhook.ts'

const params = Type.Object({ webhook: WebhookIdText })
const tags = ['webhooks']

/** What was sent to a webhook, and how to send something by hand. */
export function webhookDeliveryRoutes(app: App, controller: Controller): void {
  addList(app, controller)
  addTest(app, controller)
  addRedeliver(app, controller)
}

function addList(app: App, controller: Controller): void {
  const schema = {
    operationId: 'listWebhookDeliveries',
    summary: 'The last 200 messages to a webhook and how they went, the latest first.',
    tags,
    params,
    querystring: listQuery(['-firstAt', '-lastAt'], {
      state: Type.Optional(
        Type.Enum(['delivered', 'retrying', 'failed'], { description: 'Only those in this state.' }),
      ),
      type: Type.Optional(Type.Enum(['change', 'ping'], { description: 'Only those of this type.' })),
    }),
    response: answers({ 200: refTo(WebhookDeliveryList) }, 404),
  }
  app.get('/v1/webhooks/:webhook/deliveries', { schema }, async (request) => {
    const { webhook } = authorise(controller.state, request, controller.now())
    const { state, type, sort = '-firstAt', ...page } = request.query
    const recent = await controller.webhooks.recent(webhook.id)
    return pageOf(
      ImmutableMap(recent.map((delivery) => [delivery.id, delivery])),
      { ...page, sort },
      {
        keep: (delivery) =>
          (state === undefined || state === delivery.state) && (type === undefined || type === delivery.type),
        view: deliveryView,
        orders: { firstAt: ({ firstAt }) => firstAt, lastAt: ({ lastAt }) => lastAt },
      },
    )
  })
}

function addTest(app: App, controller: Controller): void {
  const schema = {
    operationId: 'testWebhook',
    summary: "Send a message of type 'ping', once, also to a webhook that is disabled.",
    tags,
    params,
    headers: OperationHeaders,
    response: answers({ 200: refTo(WebhookDelivery) }, 404, 409),
  }
  app.post('/v1/webhooks/:webhook/test', { schema }, async (request) => {
    const webhook = await subject(controller, request)
    return deliveryView(await controller.webhooks.ping(webhook, keyOf(request)))
  })
}

function addRedeliver(app: App, controller: Controller): void {
  const schema = {
    operationId: 'redeliverWebhook',
    summary: 'Send a message once more, with the same id, whatever became of it.',
    tags,
    params: Type.Object({ webhook: WebhookIdText, delivery: DeliveryIdText }),
    headers: OperationHeaders,
    response: answers({ 200: refTo(WebhookDelivery) }, 404, 409),
  }
  app.post('/v1/webhooks/:webhook/deliveries/:delivery/redeliver', { schema }, async (request) => {
    const { delivery } = request.params
    const { webhook: asked } = authorise(controller.state, request, controller.now())
    // Before the key is kept: what is refused leaves no trace.
    await controller.webhooks.delivery(asked.id, delivery)
    const webhook = await subject(controller, request)
    return deliveryView(await controller.webhooks.redeliver(webhook, delivery, keyOf(request)))
  })
}

/** The webhook. An Idempotency-Key goes into the log, which has no other change to keep it with, and refuses it for another request. */
async function subject(controller: Controller, request: FastifyRequest): Promise<Webhook> {
  const webhookIn = (state: State) => authorise(state, request, controller.now()).webhook
  if (request.headers['idempotency-key'] === undefined) return webhookIn(controller.state)
  const { result } = await create(controller, request, {
    decide: (state) => ({ events: [], result: webhookIn(state) }),
    recall: (_events, state) => webhookIn(state),
  })
  return result
}

/** The same for the same Idempotency-Key of the same caller; new for each request without one. */
function keyOf({ actor, headers }: FastifyRequest): string {
  const key = headers['idempotency-key']
  const text = typeof key === 'string' ? `${actor}:${key}` : randomUUID()
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
