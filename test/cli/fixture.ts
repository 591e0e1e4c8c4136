import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { Client } from '../../src/cli/client.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { programFile } from '../../src/lab/program.ts'

export const MAIN = programFile()

/** So long a command may take here. */
const LIMIT = 30_000

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

/**
 * Compiled modules are kept between the runs, as the launcher has it; nothing else of this environment is handed on, nor the
 * profiles of who runs the tests.
 */
const CACHE = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '', XDG_CONFIG_HOME: '/nonexistent' }

/** Runs `weft` in a process of its own. */
export async function weft(
  args: readonly string[],
  { env = {}, input = '' }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...CACHE, ...env },
    timeout: LIMIT,
    killSignal: 'SIGKILL',
  })
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

/** `weft controller` as a process, with what it printed at its start. */
export class ControllerProcess implements AsyncDisposable {
  readonly dataDir: string
  readonly child: ChildProcess
  readonly env: Readonly<Record<string, string>>
  readonly #stderr: Promise<string>

  private constructor(
    dataDir: string,
    child: ChildProcess,
    env: Record<string, string>,
    stderr: Promise<string>,
  ) {
    this.dataDir = dataDir
    this.child = child
    this.env = env
    this.#stderr = stderr
  }

  /** @param dataDir that of an earlier one, for its second start */
  static async start(dataDir?: string): Promise<ControllerProcess> {
    const dir = dataDir ?? (await mkdtemp(join(tmpdir(), 'weft-cli-')))
    const args = [MAIN, 'controller', '--data-dir', dir, '--listen', `unix:${join(dir, 'weft.sock')}`]
    const child = spawn(process.execPath, args, { env: CACHE, stdio: ['ignore', 'pipe', 'pipe'] })
    const stderr = text(child.stderr)
    const env: Record<string, string> = {}
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('url: ')) env.WEFT_URL = line.slice('url: '.length)
      if (line.startsWith('admin token: ')) env.WEFT_TOKEN = line.slice('admin token: '.length)
      if (env.WEFT_URL && (env.WEFT_TOKEN || dataDir)) break
    }
    return new ControllerProcess(dir, child, env, stderr)
  }

  /** Its REST, for what a test needs besides the command that it is about: without a process each time. */
  client(): Client {
    const { WEFT_URL: url = '', WEFT_TOKEN: token = '' } = this.env
    return new Client(parseControllerUrl(url), new SecretBytes(Buffer.from(token)))
  }

  /** Runs `weft` as its administrator. */
  weft(...args: readonly string[]): Promise<Outcome> {
    return weft(args, { env: this.env })
  }

  /** Sends a signal, and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; stderr: string }> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal)
      await once(this.child, 'exit')
    }
    return { code: this.child.exitCode, stderr: await this.#stderr }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
    await rm(this.dataDir, { recursive: true, force: true })
  }
}
