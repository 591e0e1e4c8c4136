import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

/** A program of this clone under test, and what it printed so far. It is ended when it is disposed of. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcess
  /** Both channels, in the order in which they came. */
  output(): string
  /** Waits until the output fits; fails after `limit` ms, or when the program ends before. */
  until(pattern: RegExp, limit: number): Promise<RegExpMatchArray>
  /** Its exit code, once it ended by itself. */
  readonly code: Promise<number | null>
}

/** Starts a program in a process group of its own, as a terminal would. */
export function startProgram([program = '', ...args]: readonly string[], env = process.env): Program {
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const channel of [child.stdout, child.stderr]) {
    channel.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const code = once(child, 'close').then(([code]) => code)
  return {
    child,
    output: () => output,
    until: (pattern, limit) => until(child, () => output, pattern, limit),
    code,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await code
    },
  }
}

async function until(
  child: ChildProcess,
  output: () => string,
  pattern: RegExp,
  limit: number,
): Promise<RegExpMatchArray> {
  const deadline = performance.now() + limit
  while (performance.now() < deadline) {
    const found = output().match(pattern)
    if (found) return found
    if (child.exitCode !== null) break
    await wait(20)
  }
  throw new Error(`${pattern} was not printed; this was:\n${output()}`)
}
