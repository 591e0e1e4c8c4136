import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Replica } from './fleet.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what is there
  readonly body: any
}

/** A REST call to one replica. */
export async function call(
  { port }: Replica,
  token: string,
  method: string,
  path: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const content = body === undefined ? undefined : JSON.stringify(body)
  const sent = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    rejectUnauthorized: false,
    headers: {
      authorization: `Bearer ${token}`,
      ...(content !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
  })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject).end(content)
  })
  const answer = await text(response)
  const isJson = /json/.test(response.headers['content-type'] ?? '') && answer !== ''
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: answer,
    body: isJson ? JSON.parse(answer) : undefined,
  }
}
