import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { revokeApiToken } from '../../controller/commands/apitoken.ts'
import type { Controller } from '../../controller/controller.ts'
import { WeftError } from '../../errors.ts'
import { authorise } from '../access/authorise.ts'
import type { App } from '../instance.ts'
import { askedBy } from '../origin.ts'
import { refTo } from '../schemas/common.ts'
import { answers } from '../schemas/problem.ts'
import {
  CodeSignIn,
  DeviceCode,
  DeviceSignIn,
  NewSignInUrl,
  Session,
  SignInPending,
  SignInUrl,
} from '../schemas/signin.ts'
import { SESSION_GONE } from '../signin/cookie.ts'
import type { SignedIn, SignIn } from '../signin/signin.ts'
import { apiTokenView } from '../views/apitoken.ts'

const tags = ['sign-in']
const security: [] = []
/** All of these take a body, and nothing else. */
const querystring = Type.Object({}, { additionalProperties: false })

/**
 * Sign-in of people at a terminal. The program speaks to the controller only, which alone knows the client's secret: it needs
 * no settings of its own, and gets a session like any other.
 */
export function terminalSignInRoutes(app: App, controller: Controller, signIn: SignIn): void {
  addCode(app, signIn)
  addDevice(app, signIn)
  addSignOut(app, controller)
}

/** By a browser on the same machine, which comes back to the program at a loopback address (RFC 8252). */
function addCode(app: App, signIn: SignIn): void {
  const begin = {
    operationId: 'beginSignIn',
    summary: 'Where to send the browser of somebody who signs in to a program.',
    tags,
    security,
    querystring,
    body: NewSignInUrl,
    response: answers({ 200: refTo(SignInUrl) }, 413, 415),
  }
  app.post('/v1/auth/oidc/code', { schema: begin }, async ({ body }) => {
    const { redirectUri, codeChallenge: challenge, state, nonce } = body
    const url = await signIn.issuer.authorizationUrl(redirectUri, { state, nonce, challenge })
    return { url: url.href }
  })
  const finish = {
    operationId: 'finishSignIn',
    summary: 'Begin a session with what the browser brought back. Its token is in this answer only.',
    tags,
    security,
    querystring,
    body: CodeSignIn,
    response: answers({ 201: refTo(Session) }, 413, 415),
  }
  app.post('/v1/auth/oidc/code/session', { schema: finish }, async (request, reply) => {
    const { redirectUri, code, issuer, state, nonce, codeVerifier: verifier, project } = request.body
    const url = new URL(redirectUri)
    url.search = String(new URLSearchParams({ code, state, ...(issuer !== undefined && { iss: issuer }) }))
    const person = await signIn.issuer.personAt(url, { state, nonce, verifier })
    return answer(reply, await signIn.begin(person, project, askedBy(request).origin))
  })
}

/** By a browser anywhere, into which a code is typed (RFC 8628). */
function addDevice(app: App, signIn: SignIn): void {
  const begin = {
    operationId: 'beginDeviceSignIn',
    summary: 'Begin a sign-in that is finished with a browser anywhere.',
    tags,
    security,
    querystring,
    response: answers({ 200: refTo(DeviceCode) }),
  }
  app.post('/v1/auth/oidc/device', { schema: begin }, async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    return signIn.issuer.beginDevice()
  })
  const finish = {
    operationId: 'finishDeviceSignIn',
    summary:
      'Begin a session once the person has finished; 202 until then. Its token is in this answer only.',
    tags,
    security,
    querystring,
    body: DeviceSignIn,
    response: answers({ 201: refTo(Session), 202: refTo(SignInPending) }, 413, 415),
  }
  app.post('/v1/auth/oidc/device/session', { schema: finish }, async (request, reply) => {
    const { body } = request
    const person = await signIn.issuer.personWith(body.deviceCode)
    if (!person) return reply.code(202).send({ status: 'pending' as const })
    return answer(reply, await signIn.begin(person, body.project, askedBy(request).origin))
  })
}

function answer(reply: FastifyReply, { session, secret }: SignedIn) {
  const { createdAt: _, ...view } = apiTokenView(session)
  reply.code(201).header('cache-control', 'no-store')
  return { ...view, token: secret }
}

function addSignOut(app: App, controller: Controller): void {
  const schema = {
    operationId: 'signOut',
    summary: 'End the session of who asks, at once and everywhere.',
    tags,
    response: answers({ 204: Type.Null({ description: 'Signed out.' }) }, 409),
  }
  app.delete('/v1/auth/session', { schema }, async (request, reply) => {
    await controller.change(askedBy(request), (state, tools) => {
      authorise(state, request, tools.now)
      const session = request.credential && state.apiTokens.get(request.credential)
      if (session?.person === undefined) throw noSession()
      return revokeApiToken(state, tools, session.id)
    })
    return reply.code(204).header('set-cookie', SESSION_GONE).send()
  })
}

function noSession(): WeftError {
  return new WeftError('conflict', 'This token was not made by signing in, so it cannot sign out.', {
    advice: "If it is to count no longer, revoke it: 'weft api-token revoke'.",
  })
}
