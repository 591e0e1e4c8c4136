import type { Socket } from 'node:net'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify'
import type { Clock } from '../clock.ts'
import type { Controller } from '../controller/controller.ts'
import type { ControllerSettings } from '../controller/settings.ts'
import type { Random } from '../keys/random.ts'
import { toBase32 } from '../keys/text.ts'
import { authenticate } from './access/authenticate.ts'
import { guardRoutes } from './access/guard.ts'
import { compileSchema } from './compiler.ts'
import { consoleRoutes } from './console.ts'
import { components, documentOptions } from './document.ts'
import { answerElsewhere } from './elsewhere.ts'
import { refuseUnheard } from './etag.ts'
import type { App } from './instance.ts'
import { Limits, type RateLimits } from './limits/limits.ts'
import { Rehearsals } from './limits/rehearsals.ts'
import { measureRequests } from './metrics.ts'
import { Operations } from './operations.ts'
import { sendProblem } from './problem.ts'
import { redacted } from './redact.ts'
import { apiTokenRoutes } from './routes/apitoken.ts'
import { applyRoutes } from './routes/apply.ts'
import { auditRoutes } from './routes/audit.ts'
import { batchRoutes } from './routes/batch.ts'
import { convergenceRoutes } from './routes/convergence.ts'
import { docsRoutes } from './routes/docs.ts'
import { errorRoutes } from './routes/error.ts'
import { eventRoutes } from './routes/event.ts'
import { grantRoutes } from './routes/grant.ts'
import { graphRoutes } from './routes/graph.ts'
import { historyRoutes } from './routes/history.ts'
import { linkRoutes } from './routes/link.ts'
import { memberRoutes } from './routes/member.ts'
import { networkRoutes } from './routes/network.ts'
import { nodeRoutes } from './routes/node.ts'
import { openRoutes } from './routes/open.ts'
import { operationRoutes } from './routes/operation.ts'
import { pathRoutes } from './routes/path.ts'
import { policyRoutes } from './routes/policy.ts'
import { projectRoutes } from './routes/project.ts'
import { browserSignInRoutes } from './routes/signin-browser.ts'
import { terminalSignInRoutes } from './routes/signin-terminal.ts'
import { tokenRoutes } from './routes/token.ts'
import { webhookRoutes } from './routes/webhook.ts'
import { webhookDeliveryRoutes } from './routes/webhook-delivery.ts'
import { keepSequence } from './sequence.ts'
import { lazySerializers } from './serializer.ts'
import { SignIn } from './signin/signin.ts'

export interface AppTools {
  readonly log: FastifyBaseLogger
  readonly random: Random
  readonly clock: Clock
  /** Called with the socket of each caller that has shown a token. */
  readonly onKnown: (socket: Socket) => void
}

/** The REST application, ready to be given requests; it listens nowhere by itself. */
export async function createApp(controller: Controller, tools: AppTools): Promise<App> {
  const app = createInstance(tools)
  keepSequence(app, controller)
  const limits = new Limits(tools.clock, ratesOf(controller.settings), controller.metrics)
  app.addHook('onRequest', async (request, reply) => {
    limits.assertNotOverloaded(request)
    // Whoever shows a token that is known is not held up by strangers behind the same address.
    if (!isKnown(controller, request, reply, limits)) return limits.takeStranger(request, reply)
    limits.takeToken(request, reply)
    tools.onKnown(request.socket)
  })
  // Before the guard, because its files come as the build makes them and can stand in no table.
  await app.register(async (scope: App) => consoleRoutes(scope))
  app.addHook('onClose', async () => limits[Symbol.dispose]())
  guardRoutes(app, controller)
  refuseUnheard(app)
  logRequests(app)
  measureRequests(app, controller)
  for (const schema of components) app.addSchema(schema)
  await app.register(swagger, documentOptions)
  // In a scope of their own: the document is made of the routes that are added after its plugin has loaded.
  const signIn = new SignIn(controller, tools)
  await app.register(async (scope: App) => {
    for (const addRoutes of ROUTES) addRoutes(scope, controller)
    browserSignInRoutes(scope, controller, signIn)
    terminalSignInRoutes(scope, controller, signIn)
  })
  await app.ready()
  return app
}

/** Throws `unauthenticated`; a stranger who does that too often hears of that instead. */
function isKnown(
  controller: Controller,
  request: FastifyRequest,
  reply: FastifyReply,
  limits: Limits,
): boolean {
  try {
    authenticate(controller.state, request)
  } catch (error) {
    limits.takeStranger(request, reply)
    throw error
  }
  return request.actor !== ''
}

/** Seconds of requests that may come at once. */
const BURST = 4

function ratesOf({ requestsPerSecond, strangerRequestsPerSecond }: ControllerSettings): RateLimits {
  const allow = (rate: number) => ({ rate, burst: rate * BURST })
  return { token: allow(requestsPerSecond), stranger: allow(strangerRequestsPerSecond) }
}

const ROUTES = [
  openRoutes,
  docsRoutes,
  errorRoutes,
  projectRoutes,
  apiTokenRoutes,
  networkRoutes,
  grantRoutes,
  memberRoutes,
  batchRoutes,
  applyRoutes,
  operationRoutes,
  nodeRoutes,
  tokenRoutes,
  graphRoutes,
  convergenceRoutes,
  linkRoutes,
  pathRoutes,
  policyRoutes,
  historyRoutes,
  auditRoutes,
  webhookRoutes,
  webhookDeliveryRoutes,
  eventRoutes,
]

/** Most bytes of a body. The largest one that makes sense, a token with labels, has some kilobytes. */
const BODY_LIMIT = 1_048_576

function createInstance({ log, random, clock }: AppTools): App {
  const app: App = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: BODY_LIMIT,
    genReqId: requestIds(random),
    requestIdHeader: false,
    // The head of a request is limited already; what is too long to be a name is refused by its schema, in words.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: sendProblem,
    schemaController: { compilersFactory: { buildSerializer: lazySerializers } },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(compileSchema)
  app.removeContentTypeParser('text/plain')
  acceptNoJson(app)
  app.setErrorHandler(sendProblem)
  answerElsewhere(app)
  app.decorate('operations', new Operations(clock, random))
  app.decorate('rehearsals', new Rehearsals())
  app.decorateRequest('actor', '')
  app.decorateRequest('credential', undefined)
  return app
}

/** Many clients say of every request that it is JSON, also where there is nothing to send. */
function acceptNoJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null, undefined)
    else parse(request, body, done)
  })
}

/** Ids that do not repeat after a restart: a few random characters for this process, and a count. */
function requestIds(random: Random): () => string {
  const run = toBase32(random(5))
  let count = 0
  return () => `${run}-${++count}`
}

/** One line for each request. Of the URL only the path, for who puts secrets into URLs puts them into the query. */
function logRequests(app: App): void {
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        actor: request.actor,
        method: request.method,
        path: redacted(request.url.split('?')[0] ?? ''),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    )
  })
}
