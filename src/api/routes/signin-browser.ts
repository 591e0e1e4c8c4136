import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { toWeftError, WeftError } from '../../errors.ts'
import { systemRandom } from '../../keys/random.ts'
import type { ApiToken, State } from '../../model/state.ts'
import { tokenOf } from '../access/authenticate.ts'
import { html, PAGE_HEADERS, page } from '../html.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { failureOf, sendProblem, toProblem } from '../problem.ts'
import { refTo } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import { LoginQuery, SignInWays } from '../schemas/signin.ts'
import { cookieOf, JOURNEY, JOURNEY_GONE, journeySet, sessionCookie, sessionSet } from '../signin/cookie.ts'
import type { SignIn } from '../signin/signin.ts'
import { challengeOf, newTrip, readTrip, type Trip, tripText } from '../signin/trip.ts'

const tags = ['sign-in']
const security: [] = []

/** Seconds that somebody may spend at the issuer. */
const TRIP_SECONDS = 600
const CALLBACK = '/v1/auth/oidc/callback'

/** Sign-in of people at the web console. The session is a cookie that no script can read. */
export function browserSignInRoutes(app: App, controller: Controller, signIn: SignIn): void {
  addWays(app, controller, signIn)
  addLogin(app, controller, signIn)
  addCallback(app, controller, signIn)
}

function addWays(app: App, controller: Controller, signIn: SignIn): void {
  const schema = {
    operationId: 'showSignIn',
    summary: 'How people can sign in, and whether this browser is.',
    tags,
    security,
    querystring: Type.Object({}, { additionalProperties: false }),
    response: answers({ 200: refTo(SignInWays) }),
  }
  app.get('/v1/auth', { schema }, async (request) => ({
    oidc: signIn.isOffered ? { name: controller.settings.oidcName } : null,
    session: sessionOf(controller.state, request, controller.now())?.name ?? null,
  }))
}

function sessionOf(state: State, request: FastifyRequest, now: number): ApiToken | undefined {
  const shown = sessionCookie(request)
  const id = shown === undefined ? undefined : tokenOf(state, shown)
  const token = id && state.apiTokens.get(id)
  return token && (token.expiresAt ?? now + 1) > now ? token : undefined
}

function addLogin(app: App, { settings }: Controller, signIn: SignIn): void {
  const schema = {
    operationId: 'login',
    summary: 'Where a browser goes to sign in: it is sent to the issuer, and comes back with a session.',
    tags,
    security,
    querystring: LoginQuery,
    response: answers({ 302: Type.Null({ description: 'To the issuer.' }) }),
  }
  app.get('/v1/auth/oidc/login', { schema, errorHandler: refuse }, async (request, reply) => {
    const trip = newTrip(systemRandom, request.query.project)
    const challenge = challengeOf(trip.verifier)
    const back = backTo(request, settings.consoleUrl)
    const url = await signIn.issuer.authorizationUrl(back.href, { ...trip, challenge })
    reply.header('set-cookie', journeySet(tripText(trip), TRIP_SECONDS)).header('cache-control', 'no-store')
    return reply.redirect(url.href)
  })
}

/** Not in the document: what comes here is between the issuer and us. */
function addCallback(app: App, { settings }: Controller, signIn: SignIn): void {
  app.get(CALLBACK, { schema: { hide: true }, errorHandler: refuse }, async (request, reply) => {
    const { issuer } = signIn
    reply.header('cache-control', 'no-store').header('set-cookie', JOURNEY_GONE)
    const trip = tripOf(request)
    const url = backTo(request, settings.consoleUrl)
    url.search = request.url.split('?')[1] ?? ''
    const person = await issuer.personAt(url, trip)
    const { secret } = await signIn.begin(person, trip.project, askedBy(request).origin)
    reply.header('set-cookie', sessionSet(secret, settings.oidcSessionMinutes * 60))
    return reply.redirect('/')
  })
}

function tripOf(request: FastifyRequest): Trip {
  const trip = readTrip(cookieOf(request, JOURNEY) ?? '')
  if (trip) return trip
  throw new WeftError(
    'unauthenticated',
    'This browser did not begin to sign in here, or that was too long ago.',
    {
      advice: 'Begin to sign in again, and allow cookies for this site.',
    },
  )
}

/** The redirect URI. The issuer goes only where it was told to by its administrator, so a forged Host leads nowhere. */
function backTo(request: FastifyRequest, consoleUrl: string): URL {
  const base = consoleUrl || `${request.protocol}://${request.host}`
  const url = URL.canParse(base) ? new URL(base) : undefined
  if (url?.hostname) return new URL(CALLBACK, url)
  throw new WeftError('invalid-input', 'The request does not say to which host it was sent.', {
    field: 'host',
  })
}

/** People see a page; programs the problem, as everywhere. */
function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const accepts = request.headers.accept ?? ''
  if (!accepts.includes('text/html')) return sendProblem(error, request, reply)
  request.log.warn({ err: error }, 'nobody was signed in')
  const { status, detail, advice, code } = toProblem(failureOf(toWeftError(error)), request.id)
  const body = html`<main class="door">
<h1>Not signed in</h1>
<p>${detail}</p>
<p class="muted">${advice}</p>
<p><a href="/v1/auth/oidc/login">Try again</a> · <a href="/">Back to Weft</a> · <a href="/docs/errors#${code}">${code}</a></p>
</main>`
  reply.code(status).headers(PAGE_HEADERS).send(page('Not signed in', body))
}
