import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../port.ts'
import { eventually } from '../rig.ts'

export type Config = Readonly<Record<string, string>>

/** What a log needs of a server. */
const DURABLE: Config = {
  appendonly: 'yes',
  appendfsync: 'always',
  save: '""',
  'repl-diskless-sync-delay': '0',
}

/** Where a server runs when not on loopback of this machine: a network namespace, and its address there. */
export interface Machine {
  readonly address: string
  readonly namespace: string
}

export interface Start {
  /** Undefined: loopback. */
  readonly machine?: Machine | undefined
  /** Where its data are to be; undefined: beside its configuration. */
  readonly data?: string | undefined
}

/** A real redis-server (or Sentinel) on a free port, with its data in a directory of its own. */
export class RedisServer implements AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly dir: string
  /** The folder with what it keeps. */
  readonly data: string
  readonly #namespace: string | undefined
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  private constructor(port: number, dir: string, args: readonly string[], { machine, data }: Start) {
    this.host = machine?.address ?? '127.0.0.1'
    this.port = port
    this.dir = dir
    this.data = data ?? join(dir, 'data')
    this.#namespace = machine?.namespace
    this.#args = args
  }

  static async start(config: Config = {}, where: Start = {}): Promise<RedisServer> {
    return RedisServer.#begin(
      ({ port, data }) => [
        ...Object.entries({ ...DURABLE, ...config, dir: data }).map(([name, value]) => `${name} ${value}`),
        `port ${port}`,
      ],
      [],
      where,
    )
  }

  static async startSentinel(lines: readonly string[], where: Start = {}): Promise<RedisServer> {
    return RedisServer.#begin(
      ({ port, data }) => [`port ${port}`, `dir ${data}`, ...lines],
      ['--sentinel'],
      where,
    )
  }

  /** From a file, for servers and Sentinels write there what they have become. */
  static async #begin(
    lines: (server: RedisServer) => readonly string[],
    args: readonly string[],
    where: Start,
  ): Promise<RedisServer> {
    const port = await freePort()
    const dir = await mkdtemp(join(tmpdir(), `weft-redis-${port}-`))
    const file = join(dir, 'redis.conf')
    const server = new RedisServer(port, dir, [file, ...args], where)
    const own = [`bind ${server.host}`, 'protected-mode no', `unixsocket ${server.#socket}`]
    await writeFile(file, [...own, ...lines(server), ''].join('\n'))
    await server.start()
    return server
  }

  get place(): string {
    return `${this.host}:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Starts it, again if it had ended, on the data that are there. */
  async start(): Promise<void> {
    await mkdir(this.data, { recursive: true })
    const inside = this.#namespace === undefined ? [] : ['ip', 'netns', 'exec', this.#namespace]
    const [program = '', ...args] = [...inside, 'redis-server', ...this.#args]
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    let said = ''
    child.stdout.on('data', (text) => (said = `${said}${text}`.slice(-4_000)))
    child.stderr.on('data', (text) => (said = `${said}${text}`.slice(-4_000)))
    await once(child, 'spawn')
    await eventually(`redis at ${this.port} answers; it said ${said}`, () => this.#answers(), 15_000)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (!child || !this.isRunning) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Stands still, without a word to anybody. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Adds lines to its configuration, for the next start. */
  async configure(...lines: readonly string[]): Promise<void> {
    await appendFile(join(this.dir, 'redis.conf'), `\n${lines.join('\n')}\n`)
  }

  /** Removes its data; only while it does not run. */
  async empty(): Promise<void> {
    await rm(this.data, { recursive: true, force: true })
  }

  async call(...[command, ...args]: [string, ...(string | number)[]]): Promise<unknown> {
    await using client = await this.client()
    return client.redis.call(command, ...args)
  }

  async client(): Promise<AsyncDisposable & { readonly redis: Redis }> {
    const redis = new Redis({
      // By a file, for it may be in another network; what the log does goes by TCP.
      path: this.#socket,
      protocol: 2,
      lazyConnect: true,
      retryStrategy: () => null,
    })
    redis.on('error', () => undefined)
    await redis.connect()
    return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() }
  }

  async info(section: string, name: string): Promise<string> {
    const text = String(await this.call('INFO', section))
    return new RegExp(`^${name}:(.*?)\r$`, 'm').exec(text)?.[1] ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw()
    await this.kill()
    await rm(this.dir, { recursive: true, force: true })
  }

  get #socket(): string {
    return join(this.dir, 'socket')
  }

  async #answers(): Promise<boolean> {
    if (!this.isRunning) throw new Error(`redis-server at ${this.port} ended`)
    return this.call('PING').then(
      (answer) => answer === 'PONG',
      () => false,
    )
  }
}
