import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { type RunningServer, startServer } from '../../src/api/server.ts'
import type { StrangerLimits } from '../../src/api/strangers.ts'
import { systemClock } from '../../src/clock.ts'
import { type ApiTokenInput, createApiToken } from '../../src/controller/commands/apitoken.ts'
import { joinNode } from '../../src/controller/commands/node.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { openController } from '../../src/controller/open.ts'
import { type ControllerSettings, controllerSettings } from '../../src/controller/settings.ts'
import { Identity, type NodeId } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { loadSettings } from '../../src/settings.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // The tests look into answers of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what is there
  readonly body: any
}

export interface CallOptions {
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown
  /** The admin's token unless another is given; null for none. */
  readonly token?: string | null
  readonly headers?: Record<string, string>
  readonly port?: number
  /** Hangs up. */
  readonly signal?: AbortSignal
}

/** A real controller behind a real TLS server, in a directory of its own. */
export class Place implements AsyncDisposable {
  readonly controller: Controller
  readonly server: RunningServer
  readonly dataDir: string
  readonly token: string
  readonly port: number
  readonly #logLines: string[]

  private constructor(controller: Controller, server: RunningServer, dataDir: string, logLines: string[]) {
    this.controller = controller
    this.server = server
    this.dataDir = dataDir
    this.token = secretText(controller.firstAdminToken)
    this.port = portOf(server.places[0])
    this.#logLines = logLines
  }

  static async open(flags: Partial<ControllerSettings> = {}, limits?: StrangerLimits): Promise<Place> {
    const dataDir = await mkdtemp(join(tmpdir(), 'weft-api-'))
    const settings = loadSettings(controllerSettings, {
      environment: {},
      flags: { dataDir, listen: ['127.0.0.1:0'], ...flags },
    })
    const lines: string[] = []
    const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) })
    const controller = await openController(settings, { clock: systemClock, random: systemRandom, log })
    try {
      return new Place(controller, await startServer(controller, log, limits), dataDir, lines)
    } catch (error) {
      await controller[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true })
      throw error
    }
  }

  /** Everything that was logged so far. */
  get log(): string {
    return this.#logLines.join('')
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { body, token = this.token, headers = {}, port = this.port, signal } = options
    const content = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
    const sent = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      rejectUnauthorized: false,
      signal,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(content === undefined ? {} : contentHeaders(content)),
        ...headers,
      },
    })
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject).end(content)
    })
    const answer = await text(response)
    const isJson = /json/.test(response.headers['content-type'] ?? '')
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: answer,
      body: isJson && answer ? JSON.parse(answer) : undefined,
    }
  }

  get(path: string, options?: CallOptions): Promise<Answer> {
    return this.call('GET', path, options)
  }

  post(path: string, body: unknown, options?: CallOptions): Promise<Answer> {
    return this.call('POST', path, { ...options, body })
  }

  delete(path: string, options?: CallOptions): Promise<Answer> {
    return this.call('DELETE', path, options)
  }

  /** Enrols a node as its agent would, but without a websocket. */
  async enrol(name: string, labels: Record<string, string> = {}): Promise<NodeId> {
    const { signing, sealing } = new Identity(new SecretBytes(systemRandom(32)))
    const made = await this.controller.change({ actor: 'test' }, (state, tools) =>
      createJoinToken(state, tools, { labels }),
    )
    if (made.repeated) throw new Error('unreachable')
    const secret = secretText(made.result.secret)
    const joined = await this.controller.change({ actor: 'test' }, (state, tools) =>
      joinNode(state, tools, {
        publicKey: signing.publicKey,
        sealingKey: sealing.publicKey,
        secret,
        name,
      }),
    )
    if (joined.repeated) throw new Error('unreachable')
    return joined.result
  }

  /** Another API token, one of a global admin unless something else is said. */
  async apiToken(
    name: string,
    input: Partial<ApiTokenInput> = {},
  ): Promise<{ readonly id: string; readonly secret: string }> {
    const made = await this.controller.change({ actor: 'test' }, (state, tools) =>
      createApiToken(state, tools, { name, role: 'admin', ...input }),
    )
    if (made.repeated) throw new Error('unreachable')
    return { id: made.result.id, secret: secretText(made.result.secret) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.controller.drain()
    await this.server.close()
    await this.controller[Symbol.asyncDispose]()
    await rm(this.dataDir, { recursive: true, force: true })
  }
}

function contentHeaders(content: string) {
  return { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(content)) }
}

function secretText(secret: SecretBytes | undefined): string {
  return Buffer.from(secret?.expose() ?? []).toString()
}

function portOf(place = ''): number {
  return Number(place.slice(place.lastIndexOf(':') + 1))
}
