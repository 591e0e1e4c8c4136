import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { WeftError } from '../../errors.ts'
import type { App } from '../instance.ts'
import { answers } from '../schemas/problem.ts'

const tags = ['operation']
const security: [] = []

/**
 * For supervisors, monitoring and programmers. All but the metrics answer without a token: they tell nothing about what
 * is in the controller. Metrics do (how many nodes there are), and a token is safer than trust in where a request seems
 * to come from, so Prometheus gets one in `authorization.credentials_file`.
 */
export function openRoutes(app: App, controller: Controller): void {
  app.get('/healthz', { schema: healthSchema }, async () => ({ status: 'ok' }))

  app.get('/readyz', { schema: readySchema }, async () => {
    if (controller.isReady()) return { status: 'ready' }
    throw new WeftError('unavailable', 'The controller is starting, stopping, or cannot write.', {
      advice: 'Its log says why.',
    })
  })

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())

  app.get('/metrics', { schema: metricsSchema }, async (_request, reply) => {
    reply.type(controller.metrics.contentType)
    return controller.metrics.metrics()
  })
}

const status = (example: string, description: string) =>
  Type.Object({ status: Type.String({ examples: [example] }) }, { description })

const healthSchema = {
  operationId: 'health',
  summary: 'Whether the process answers.',
  tags,
  security,
  response: answers({ 200: status('ok', 'The process answers.') }),
}

const readySchema = {
  operationId: 'ready',
  summary:
    'Whether it serves: 503 while it starts or stops, or Redis takes no changes; a full disk alone is no reason.',
  tags,
  security,
  response: answers({ 200: status('ready', 'The controller serves.') }),
}

const metricsSchema = {
  operationId: 'metrics',
  summary: 'Metrics in the text format of Prometheus.',
  tags,
  response: answers({
    200: { description: 'Metrics.', content: { 'text/plain': { schema: Type.String() } } },
  }),
}
