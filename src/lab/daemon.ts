import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { WeftError } from '../errors.ts'

/** A program that runs on a host of the lab until it ends or is ended. */
export interface Daemon {
  readonly name: string
  readonly pid: number
  /** Files with what it printed on its two channels. */
  readonly stdout: string
  readonly stderr: string
  /** Whether it runs; false as soon as its end is known. */
  readonly running: boolean
  /** The first match of `pattern` in what it prints on stdout. Rejects with `program-failed` after `limit` ms, or its end. */
  waitFor(pattern: RegExp, limit: number): Promise<RegExpMatchArray>
  /** Sends a signal and waits for the end, `limit` ms at most. */
  stop(signal: NodeJS.Signals, limit: number): Promise<void>
}

export interface DaemonOptions {
  /** For messages and file names. */
  readonly name: string
  /** Files that the two channels are written to, after what is there already. */
  readonly stdout: string
  readonly stderr: string
  /** The whole environment; nothing of this process is handed on. */
  readonly env: Readonly<Record<string, string>>
}

const POLL_MS = 20

/** Starts a program whose output goes to files, so that the death of this process does not break its pipes. */
export async function startDaemon(
  command: readonly [string, ...string[]],
  options: DaemonOptions,
): Promise<Daemon> {
  const { name, stdout, stderr, env } = options
  const [program, ...args] = command
  const files = [openSync(stdout, 'a', 0o600), openSync(stderr, 'a', 0o600)] as const
  const offset = readFileSync(stdout).length
  // A group of its own: Ctrl-C is for the owner, which then ends its daemons in order.
  const child = spawn(program, args, { detached: true, stdio: ['ignore', ...files], env })
  for (const file of files) closeSync(file)
  await once(child, 'spawn')
  return {
    name,
    pid: child.pid ?? 0,
    stdout,
    stderr,
    get running() {
      return isRunning(child)
    },
    waitFor: (pattern, limit) => waitFor(child, { pattern, limit, offset, ...options }),
    stop: (signal, limit) => stop(child, signal, limit),
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

interface Search extends DaemonOptions {
  readonly pattern: RegExp
  readonly limit: number
  /** Bytes that were in the file before this run. */
  readonly offset: number
}

async function waitFor(child: ChildProcess, search: Search): Promise<RegExpMatchArray> {
  const deadline = performance.now() + search.limit
  for (;;) {
    // Asked first, so that what was printed right before the end is still read.
    const running = isRunning(child)
    const found = readFileSync(search.stdout).subarray(search.offset).toString().match(search.pattern)
    if (found) return found
    if (!running || performance.now() > deadline) throw notSaid(search, running)
    await wait(POLL_MS)
  }
}

function notSaid({ name, limit, stderr }: Search, running: boolean): WeftError {
  const what = running ? `was not ready after ${limit} ms` : 'ended before it was ready'
  const last = readFileSync(stderr, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
  return new WeftError('program-failed', `${name} ${what}.${last && ` It said last:\n${last}`}`)
}

async function stop(child: ChildProcess, signal: NodeJS.Signals, limit: number): Promise<void> {
  if (!isRunning(child)) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await Promise.race([ended, wait(limit, undefined, { ref: false })])
}
