import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what is there
  readonly body: any
}

/** Whoever does not answer within this many ms has failed. */
const LIMIT = 20_000

/** A REST call to one replica. */
export async function call(
  { port }: { readonly port: number },
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
    signal: AbortSignal.timeout(LIMIT),
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
