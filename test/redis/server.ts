import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { eventually } from '../rig.ts'

export type Config = Readonly<Record<string, string>>

/** What a log needs of a server. */
const DURABLE: Config = {
  appendonly: 'yes',
  appendfsync: 'always',
  save: '""',
  'repl-diskless-sync-delay': '0',
}

/** A real redis-server (or Sentinel) on a free port of loopback, with its data in a directory of its own. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly dir: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  private constructor(port: number, dir: string, args: readonly string[]) {
    this.port = port
    this.dir = dir
    this.#args = args
  }

  static async start(config: Config = {}): Promise<RedisServer> {
    return RedisServer.#begin((port, data) => [
      ...Object.entries({ ...DURABLE, ...config, dir: data }).map(([name, value]) => `${name} ${value}`),
      `port ${port}`,
    ])
  }

  static async startSentinel(lines: readonly string[]): Promise<RedisServer> {
    return RedisServer.#begin((port, data) => [`port ${port}`, `dir ${data}`, ...lines], ['--sentinel'])
  }

  /** From a file, for servers and Sentinels write there what they have become. */
  static async #begin(
    lines: (port: number, data: string) => readonly string[],
    args: readonly string[] = [],
  ): Promise<RedisServer> {
    const port = await freePort()
    const dir = await mkdtemp(join(tmpdir(), `weft-redis-${port}-`))
    const file = join(dir, 'redis.conf')
    await writeFile(file, ['bind 127.0.0.1', ...lines(port, join(dir, 'data')), ''].join('\n'))
    const server = new RedisServer(port, dir, [file, ...args])
    await server.start()
    return server
  }

  get place(): string {
    return `127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Starts it, again if it had ended, on the data that are there. */
  async start(): Promise<void> {
    await mkdir(join(this.dir, 'data'), { recursive: true })
    const child = spawn('redis-server', [...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
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
    await rm(join(this.dir, 'data'), { recursive: true, force: true })
  }

  async call(...[command, ...args]: [string, ...(string | number)[]]): Promise<unknown> {
    await using client = await this.client()
    return client.redis.call(command, ...args)
  }

  async client(): Promise<AsyncDisposable & { readonly redis: Redis }> {
    const redis = new Redis({
      host: '127.0.0.1',
      port: this.port,
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

  async #answers(): Promise<boolean> {
    if (!this.isRunning) throw new Error(`redis-server at ${this.port} ended`)
    return this.call('PING').then(
      (answer) => answer === 'PONG',
      () => false,
    )
  }
}

const given = new Set<number>()

/** A port below those that the kernel gives to connections, so that nothing takes it while a server is away. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000)
    if (given.has(port)) continue
    given.add(port)
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
}
