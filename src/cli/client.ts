import { Agent, type ClientRequestArgs, type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ERROR_CODES, type ErrorCode, WeftError } from '../errors.ts'
import { connectPinned } from '../keys/pinned.ts'
import type { SecretBytes } from '../keys/secret.ts'
import type { ControllerUrl } from './url.ts'

const CONNECT_LIMIT = 10_000
const ANSWER_LIMIT = 60_000

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** An answer, and what its version is called. */
export interface Versioned<Answer> {
  readonly answer: Answer
  readonly etag: string | undefined
}

interface Page<Item> {
  readonly items: readonly Item[]
  readonly next?: string
}

/**
 * A REST client that speaks to the holder of one certificate only. Its types are those of src/api/schemas; the controller
 * is trusted to keep to them. Rejects with the problem that the controller answered, or `unavailable`.
 */
export class Client implements Disposable {
  readonly #agent: PinnedAgent
  readonly #project: string | undefined
  readonly #headers: Readonly<Record<string, string>>

  /** @param project in which every request acts; undefined: that of the token */
  constructor(url: ControllerUrl, token: SecretBytes, project?: string) {
    this.#project = project
    this.#agent = new PinnedAgent(url)
    this.#headers = { authorization: `Bearer ${Buffer.from(token.expose()).toString()}`, host: 'weft' }
  }

  async get<Answer>(path: string): Promise<Answer> {
    return (await this.read<Answer>(path)).answer
  }

  read<Answer>(path: string): Promise<Versioned<Answer>> {
    return this.#send('GET', path)
  }

  /** All items of a list, page by page. */
  async list<Item>(path: string): Promise<Item[]> {
    const items: Item[] = []
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page: Page<Item> = await this.get(
        `${path}?limit=1000${next && `&cursor=${encodeURIComponent(next)}`}`,
      )
      items.push(...page.items)
      next = page.next
    }
    return items
  }

  async post<Answer>(path: string, body: unknown): Promise<Answer> {
    return (await this.#send<Answer>('POST', path, { body })).answer
  }

  async patch<Answer>(path: string, body: unknown): Promise<Answer> {
    return (await this.#send<Answer>('PATCH', path, { body })).answer
  }

  /** @param etag what the object has to be still, if that matters */
  put<Answer>(path: string, body?: unknown, etag?: string): Promise<Versioned<Answer>> {
    return this.#send('PUT', path, { body, ...(etag !== undefined && { headers: { 'if-match': etag } }) })
  }

  async delete(path: string): Promise<void> {
    await this.#send('DELETE', path)
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  async #send<Answer>(
    method: Method,
    path: string,
    { body, headers = {} }: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
  ): Promise<Versioned<Answer>> {
    const content = body === undefined ? undefined : JSON.stringify(body)
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const options = {
      agent: this.#agent,
      method,
      path: this.#inProject(path),
      headers: { ...this.#headers, ...type, ...headers },
    }
    const response = await exchange({ ...options, signal: AbortSignal.timeout(ANSWER_LIMIT) }, content)
    const answer = await text(response).catch((cause) => {
      throw brokenOff(cause)
    })
    if ((response.statusCode ?? 0) >= 400) throw toError(response.statusCode, answer)
    return { answer: JSON.parse(answer || 'null'), etag: response.headers.etag }
  }

  #inProject(path: string): string {
    if (this.#project === undefined) return path
    return `${path}${path.includes('?') ? '&' : '?'}project=${encodeURIComponent(this.#project)}`
  }
}

/** A path whose variable parts are names, which may hold anything: path`/v1/networks/${name}`. */
export function path(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return String.raw({ raw: parts }, ...names.map(encodeURIComponent))
}

/** Connections that check the pin before the first byte is sent, and are kept for the next request. */
class PinnedAgent extends Agent {
  readonly #url: ControllerUrl

  constructor(url: ControllerUrl) {
    super({ keepAlive: true })
    this.#url = url
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback: (error: Error | null, stream?: Duplex) => void,
  ): undefined {
    const { place, fingerprint } = this.#url
    connectPinned(place, fingerprint, CONNECT_LIMIT).then(
      (socket) => callback(null, socket),
      (error) => callback(error),
    )
  }
}

function exchange(options: ClientRequestArgs, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(options, resolve)
    sent.on('error', (cause) => reject(cause instanceof WeftError ? cause : brokenOff(cause)))
    sent.end(body)
  })
}

function brokenOff(cause: unknown): WeftError {
  return new WeftError('unavailable', 'The connection to the controller broke before it answered.', {
    advice: 'Look whether the change was made before you try again.',
    cause,
  })
}

/** Problem details as the error they were made of. */
function toError(status: number | undefined, answer: string): WeftError {
  const problem = parseObject(answer)
  const code = Object.keys(ERROR_CODES).find((known): known is ErrorCode => known === problem.code)
  if (!code) return new WeftError('internal', `The controller answered with status ${status} and no reason.`)
  return new WeftError(code, String(problem.detail), {
    ...(typeof problem.field === 'string' ? { field: problem.field } : {}),
    ...(typeof problem.advice === 'string' ? { advice: problem.advice } : {}),
  })
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
