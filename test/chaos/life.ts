import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { MAIN } from '../cli/fixture.ts'

export interface Answer {
  readonly status: number
  readonly body: { readonly [name: string]: unknown }
}

/** One life of a controller, as a process that may be told where to die; on a directory that outlives it. */
export class Life implements AsyncDisposable {
  /** Milliseconds from its start until it said that it listens. */
  readonly startedIn: number
  /** Milliseconds of that in which it did not wait for a core of this machine. */
  readonly startedInRun: number
  readonly adminToken: string | undefined
  /** Resolves with the signal that ended it, or its exit code. */
  readonly ended: Promise<NodeJS.Signals | number>
  readonly #child: ChildProcess
  readonly #agent: Agent
  readonly #socketPath: string
  readonly #token: string
  #said = ''

  private constructor(
    child: ChildProcess,
    dir: string,
    told: { startedIn: number; stalled: number; token: string; isFirst: boolean },
  ) {
    this.#child = child
    this.#token = told.token
    this.startedIn = told.startedIn
    this.startedInRun = told.startedIn - told.stalled
    this.adminToken = told.isFirst ? told.token : undefined
    this.#agent = new Agent({ keepAlive: true, maxSockets: 8, rejectUnauthorized: false })
    this.#socketPath = socketIn(dir)
    this.ended = once(child, 'close').then(([code, signal]) => signal ?? code)
    child.stderr?.on('data', (said) => (this.#said += String(said)))
  }

  /** What it wrote to its log. */
  get said(): string {
    return this.#said
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** @param failpoint `name:nth`, or empty; undefined when it died before it listened */
  static async begin(dir: string, failpoint: string, token?: string): Promise<Life | undefined> {
    const start = performance.now()
    const args = [
      MAIN,
      'controller',
      '--data-dir',
      dir,
      '--listen',
      `unix:${socketIn(dir)}`,
      '--log-level',
      'error',
    ]
    const child = spawn(process.execPath, args, {
      // Compiled modules are kept, as the launcher has it.
      env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '', FAILPOINT: failpoint },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let startedIn: number | undefined
    let stalled = 0
    let found = token
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('url: ')) [startedIn, stalled] = [performance.now() - start, stalledIn(child.pid)]
      if (line.startsWith('admin token: ')) found = line.slice('admin token: '.length)
      if (startedIn !== undefined && found) break
    }
    if (startedIn === undefined || !found) {
      process.stderr.write(await text(child.stderr))
      return undefined
    }
    return new Life(child, dir, { startedIn, stalled, token: found, isFirst: token === undefined })
  }

  /** Rejects when the connection breaks: then nobody knows whether it was done. */
  ask(method: string, path: string, body?: unknown, key?: string): Promise<Answer> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      host: 'weft',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    }
    return new Promise((resolve, reject) => {
      const asked = request(
        { agent: this.#agent, socketPath: this.#socketPath, method, path, headers },
        (response) => {
          text(response).then(
            (answer) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer || '{}') }),
            reject,
          )
        },
      )
      asked.on('error', reject)
      asked.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    this.#child.kill('SIGKILL')
    await this.ended
  }
}

/**
 * Milliseconds so far in which the main thread of a process could run and had no core; 0 where the kernel does not say
 * (https://docs.kernel.org/scheduler/sched-stats.html).
 */
function stalledIn(pid: number | undefined): number {
  try {
    const [, waited] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')
    return Number(waited) / 1e6
  } catch {
    return 0
  }
}

function socketIn(dir: string): string {
  return join(dir, 'weft.sock')
}
