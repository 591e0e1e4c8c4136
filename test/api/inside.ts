import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createApp } from '../../src/api/app.ts'
import type { App } from '../../src/api/instance.ts'
import { systemClock } from '../../src/clock.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { openController } from '../../src/controller/open.ts'
import { type ControllerSettings, controllerSettings } from '../../src/controller/settings.ts'
import type { Decision, Tools } from '../../src/controller/tools.ts'
import { systemRandom } from '../../src/keys/random.ts'
import type { State } from '../../src/model/state.ts'
import { loadSettings } from '../../src/settings.ts'

export interface InsideAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  // The tests look into answers of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what is there
  readonly body: any
}

export interface InsideCall {
  readonly body?: unknown
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** A machine that is busy with other things is not what these tests are about, so the watch on the load never rings. */
const patient = { ...systemClock, after: () => () => undefined }

/** In memory where there is such a place: these tests make thousands of changes, and not one is about the disk. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A real controller and its REST application without a socket between: for tests that ask thousands of times. */
export class Inside implements AsyncDisposable {
  readonly controller: Controller
  readonly token: string
  readonly #app: App
  readonly #dataDir: string
  readonly #lines: string[]

  private constructor(controller: Controller, app: App, dataDir: string, lines: string[]) {
    this.controller = controller
    this.#app = app
    this.#dataDir = dataDir
    this.#lines = lines
    this.token = Buffer.from(controller.firstAdminToken?.expose() ?? []).toString()
  }

  static async open(flags: Partial<ControllerSettings> = {}): Promise<Inside> {
    const dataDir = await mkdtemp(join(PLACE, 'weft-inside-'))
    const settings = loadSettings(controllerSettings, { environment: {}, flags: { dataDir, ...flags } })
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const controller = await openController(settings, { clock: systemClock, random: systemRandom, log })
    const app = await createApp(controller, {
      log,
      random: systemRandom,
      clock: patient,
      onKnown: () => undefined,
    })
    return new Inside(controller, app, dataDir, lines)
  }

  /** Everything that was logged so far. */
  get log(): string {
    return this.#lines.join('')
  }

  get state(): State {
    return this.controller.state
  }

  async call(method: string, path: string, options: InsideCall = {}): Promise<InsideAnswer> {
    const { body, token = this.token, headers = {} } = options
    const content = body === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await this.#app.inject({
      // What is no method at all is for tests of the parser.
      method: method as 'GET',
      url: path,
      headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...content, ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const isJson = /json/.test(String(answer.headers['content-type'] ?? ''))
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      body: isJson && answer.body ? JSON.parse(answer.body) : undefined,
    }
  }

  /** Makes a change without REST. */
  async change<Result>(decide: (state: State, tools: Tools) => Decision<Result>): Promise<Result> {
    const outcome = await this.controller.change({ actor: 'test' }, decide)
    if (outcome.repeated) throw new Error('unreachable')
    return outcome.result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app.close()
    await this.controller[Symbol.asyncDispose]()
    await rm(this.#dataDir, { recursive: true, force: true })
  }
}
