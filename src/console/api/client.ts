import type { Problem } from '../../api/schemas/problem.ts'
import { session, signOut } from '../session.ts'

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

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
}

/** A path in which what is put in stays one part of it. */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.reduce((whole, part, at) => `${whole}${encodeURIComponent(values[at - 1] ?? '')}${part}`)
}

export async function get<Answer>(url: string, signal?: AbortSignal): Promise<Answer> {
  const response = await ask(url, signal ? { signal } : {})
  return response.json() as Promise<Answer>
}

/** Sends a change once: the key makes a repeated request harmless. */
export async function send<Answer>(
  method: 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: unknown,
): Promise<Answer> {
  const key = method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}
  const response = await ask(url, { method, body, headers: key })
  return (response.status === 204 ? undefined : await response.json()) as Answer
}

/** All items of a list, page by page, `most` at most. */
export async function list<Item>(url: string, most = 2_000): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const query = cursor === undefined ? '?limit=1000' : `?limit=1000&cursor=${encodeURIComponent(cursor)}`
    const page = await get<{ items: Item[]; next?: string }>(`${url}${query}`)
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined && items.length < most)
  return items
}

/** Rejects with a `Refusal`. A token that is not taken (any more) signs out. */
export async function ask(
  url: string,
  { method = 'GET', body, signal, headers = {} }: Ask,
): Promise<Response> {
  const response = await fetch(url, {
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
