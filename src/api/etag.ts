import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { WeftError } from '../errors.ts'
import type { App } from './instance.ts'

/** A strong entity tag (RFC 9110 section 8.8.3) of a value: the same while nothing in it changes. */
export function tagOf(value: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(value)).digest('base64url')
  return `"${digest.slice(0, 22)}"`
}

/**
 * Throws `precondition-failed` when `If-Match` names another version than the one that is there. Called on the very state
 * on which the change is decided, so nothing can come in between.
 */
export function assertMatch(request: FastifyRequest, tag: string): void {
  const wanted = request.headers['if-match']
  if (wanted === undefined || wanted.trim() === '*') return
  if (wanted.split(',').some((one) => one.trim() === tag)) return
  throw new WeftError('precondition-failed', 'The object was changed since it was read.', {
    field: 'if-match',
    advice: 'Read it again, look whether the change is still wanted, and send its new ETag.',
  })
}

/** Makes every route that is added from here on refuse an `If-Match` that it would not look at: who sends one relies on it. */
export function refuseUnheard(app: App): void {
  app.addHook('preHandler', async ({ headers, method, routeOptions }) => {
    const wanted = headers['if-match']
    if (wanted === undefined || wanted.trim() === '*' || method === 'GET' || method === 'HEAD') return
    const known: unknown = routeOptions.schema?.headers
    if (Type.IsObject(known) && 'if-match' in known.properties) return
    throw new WeftError('invalid-input', 'What this request changes has no versions.', {
      field: 'if-match',
      advice: 'Send it without If-Match.',
    })
  })
}

/** Answers with a view and its tag. */
export function tagged<View>(reply: FastifyReply, view: View, tag: string): View {
  reply.header('etag', tag)
  return view
}
