import type { ClientRequestArgs, Agent as HttpAgent, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Api, type Call, callOf, type Input, type Versioned } from '../client/api.ts'
import { EventParser, type ServerEvent } from '../client/sse.ts'
import { ERROR_CODES, type ErrorCode, WeftError } from '../errors.ts'
import { Agent, request } from '../http.ts'
import { connectPinned } from '../keys/pinned.ts'
import type { SecretBytes } from '../keys/secret.ts'
import { whileWorking } from './progress.ts'
import type { ControllerUrl } from './url.ts'

const CONNECT_LIMIT = 10_000
/** Milliseconds in the queue of a controller to which all agents come back. */
const QUEUE_LIMIT = 20_000
const ANSWER_LIMIT = 60_000

/**
 * A REST client that speaks to the holder of one certificate only. Rejects with the problem that the controller answered, or
 * `unavailable`.
 */
export class Client extends Api implements Disposable {
  readonly #agent: PinnedAgent
  readonly #asOwn: Own

  /**
   * @param token undefined: for what anybody may ask
   * @param project in which every request acts; undefined: that of the token
   */
  constructor(url: ControllerUrl, token: SecretBytes | undefined, project?: string) {
    const agent = new PinnedAgent(url)
    const own = {
      ...(token && { authorization: `Bearer ${Buffer.from(token.expose()).toString()}` }),
      host: 'weft',
    }
    const asOwn: Own = (call) => ({
      ...call,
      path: inProject(call.path, project),
      headers: { ...own, ...call.headers },
    })
    super((call) =>
      whileWorking(
        (seconds) => `The controller works on it: ${seconds} s`,
        () => send(agent, asOwn(call)),
      ),
    )
    this.#asOwn = asOwn
    this.#agent = agent
  }

  /** Live events, until the controller ends them or `signal` is aborted. */
  async *events(input: Input<'streamEvents'>, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    const response = await open(this.#agent, this.#asOwn(callOf('streamEvents', input, signal)), signal)
    if ((response.statusCode ?? 0) >= 400) throw toError(response.statusCode, await text(response))
    const parser = new EventParser()
    try {
      for await (const piece of response.setEncoding('utf8')) yield* parser.take(String(piece))
    } catch (cause) {
      throw brokenOff(cause)
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

type Own = (call: Call) => Call

async function send<Value>(agent: HttpAgent, call: Call): Promise<Versioned<Value>> {
  const limit = AbortSignal.timeout(ANSWER_LIMIT)
  const response = await open(agent, call, call.signal ? AbortSignal.any([call.signal, limit]) : limit)
  const answer = await text(response).catch((cause) => {
    throw brokenOff(cause)
  })
  if ((response.statusCode ?? 0) >= 400) throw toError(response.statusCode, answer)
  return { answer: isJson(response) ? JSON.parse(answer || 'null') : answer, etag: response.headers.etag }
}

/** Resolves with the head of the answer. */
function open(
  agent: HttpAgent,
  { method, path, headers, body }: Call,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const content = body === undefined ? undefined : JSON.stringify(body)
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  return exchange(
    { agent, method, path, headers: { ...headers, ...type }, ...(signal && { signal }) },
    content,
  )
}

function isJson({ headers, statusCode }: IncomingMessage): boolean {
  return statusCode === 204 || /json/.test(headers['content-type'] ?? '')
}

function inProject(path: string, project: string | undefined): string {
  if (project === undefined) return path
  return `${path}${path.includes('?') ? '&' : '?'}project=${encodeURIComponent(project)}`
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
    connectPinned(place, fingerprint, CONNECT_LIMIT, QUEUE_LIMIT).then(
      (socket) => callback(null, socket),
      (error) => callback(error),
    )
  }
}

function exchange(options: ClientRequestArgs, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(options, resolve)
    sent.on('error', (cause) => reject(cause instanceof WeftError ? cause : brokenOff(cause)))
    // While there is no connection yet, the request itself does not say so.
    options.signal?.addEventListener('abort', () => reject(brokenOff(options.signal?.reason)), { once: true })
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
