import { Api, type Call } from '../../client/api.ts'
import type { Problem } from '../../client/operations.ts'
import { BY_COOKIE, session, signOut } from '../session.ts'

/** What the controller answered instead of what was asked for, in its own words. */
export class Refusal extends Error {
  readonly code: string
  readonly advice: string
  readonly status: number

  constructor({ detail, advice = '', code, status }: Pick<Problem, 'detail' | 'advice' | 'code' | 'status'>) {
    super(detail)
    this.code = code
    this.advice = advice
    this.status = status
  }
}

/** Every operation of REST, as the signed-in. */
export const api = new Api(async <Value>(call: Call) => {
  const response = await ask(call)
  const answer: Value = response.status === 204 ? undefined : await response.json()
  return { answer, etag: response.headers.get('etag') ?? undefined }
})

/** Signs out. A session by cookie ends at the controller, too; a token stays what it is. */
export async function leave(): Promise<void> {
  // Whatever comes of it, this page shows nothing any more.
  if (session.value === BY_COOKIE) await api.call('signOut').catch(() => undefined)
  signOut()
}

/** Rejects with a `Refusal`. A token that is not taken (any more) signs out. */
export async function ask({ method, path, headers, body, signal }: Call): Promise<Response> {
  const response = await fetch(path, {
    method,
    headers: {
      ...session.value?.headers,
      ...headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
    cache: 'no-store',
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new Refusal({
      detail: 'The controller does not answer.',
      advice: 'Check that it runs.',
      code: 'unavailable',
      status: 0,
    })
  })
  if (response.ok) return response
  if (response.status === 401) signOut()
  throw new Refusal(await problemOf(response))
}

async function problemOf(
  response: Response,
): Promise<Pick<Problem, 'detail' | 'advice' | 'code' | 'status'>> {
  const { status } = response
  const problem: unknown = await response.json().catch(() => undefined)
  if (typeof problem === 'object' && problem !== null && 'detail' in problem) return problem as Problem
  return { detail: `The controller answered with status ${status}.`, code: 'internal', status }
}
