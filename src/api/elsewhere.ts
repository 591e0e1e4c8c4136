import type { FastifyReply, FastifyRequest } from 'fastify'
import { WeftError } from '../errors.ts'
import type { App } from './instance.ts'
import { sendFailure } from './problem.ts'

/** Answers what no route takes: 405 with those methods that the address does know (RFC 9110 section 15.5.6), or 404. */
export function answerElsewhere(app: App): void {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    for (const one of [method].flat()) known.add(one)
    methods.set(url, known)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const allowed = [...methods].filter(([url]) => fits(url, path)).flatMap(([, known]) => [...known])
    if (allowed.length > 0) return refuseMethod(request, reply, [...new Set(allowed)].sort())
    throw new WeftError('not-found', 'There is nothing at this address.', { advice: DOCUMENTED })
  })
}

const DOCUMENTED = 'What there is stands in /openapi.json.'

function refuseMethod(request: FastifyRequest, reply: FastifyReply, allowed: readonly string[]): void {
  const list = allowed.join(', ')
  const error = new WeftError('invalid-input', `This address takes ${list}, and not ${request.method}.`, {
    field: 'method',
    advice: DOCUMENTED,
  })
  reply.header('allow', list)
  sendFailure({ status: 405, error }, request, reply)
}

/** Whether a path is one of a route's. Those that take whatever follows say nothing of what there is. */
function fits(url: string, path: string): boolean {
  const [wanted, found] = [url.split('/'), path.split('/')]
  if (url.includes('*') || wanted.length !== found.length) return false
  return wanted.every((part, at) => (part.startsWith(':') ? found[at] !== '' : part === found[at]))
}
