import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { text } from 'node:stream/consumers'

/** What a receiver was sent. */
export interface Received {
  readonly id: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what is there
  readonly body: any
}

type Answer = (response: ServerResponse, nth: number) => void

const take: Answer = (response) => response.writeHead(204).end()

/** A real server that is sent webhooks. It takes everything unless it is told otherwise. */
export class Receiver implements AsyncDisposable {
  readonly received: Received[] = []
  answer: Answer = take
  readonly #server: Server
  readonly port: number
  readonly #scheme: string

  private constructor(server: Server, port: number, scheme: string) {
    this.#server = server
    this.port = port
    this.#scheme = scheme
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      text(request).then(
        (body) => {
          const { headers } = request
          this.received.push({
            id: String(headers['webhook-id']),
            headers,
            text: body,
            body: JSON.parse(body),
          })
          this.answer(response, this.received.length)
        },
        () => undefined,
      )
    })
  }

  /** @param tls certificate and key, for https @param port of an earlier one, to come back at its place */
  static async open(tls?: ServerOptions, port = 0): Promise<Receiver> {
    const server = tls ? createTlsServer(tls) : createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || !address) throw new Error('no port')
    return new Receiver(server, address.port, tls ? 'https' : 'http')
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}/hook`
  }

  get ids(): string[] {
    return this.received.map(({ id }) => id)
  }

  /** Says with this status that it does not take it, so often, and takes everything then. */
  refuse(status: number, times: number): void {
    const end = this.received.length + times
    this.answer = (response, nth) => (nth > end ? take(response, nth) : response.writeHead(status).end())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Resolves as soon as `check` does not fail any more; rejects with how it failed last. */
export async function soon(check: () => unknown, limit = 20_000): Promise<void> {
  for (const end = Date.now() + limit; ; ) {
    try {
      await check()
      return
    } catch (error) {
      if (Date.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Whether the signature is what Standard Webhooks wants, worked out here by its text alone. */
export function isSigned({ headers, text: body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = createHmac('sha256', key).update(content).digest('base64')
  const isFresh = Math.abs(Date.now() / 1_000 - Number(headers['webhook-timestamp'])) < 300
  return isFresh && headers['webhook-signature'] === `v1,${expected}`
}
