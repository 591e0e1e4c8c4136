import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { locate } from '../../src/wireguard/run.ts'

/** What another process does when it is asked to; arguments and results are copied on their way. */
// biome-ignore lint/suspicious/noExplicitAny: calls take what they like; `Helper` types each by its name
export type Calls = Readonly<Record<string, (...args: any[]) => unknown>>

/** A process of the bench. */
export interface Helper<Known extends Calls> extends AsyncDisposable {
  readonly pid: number
  /** Rejects with the message of what went wrong there. */
  call<Name extends keyof Known & string>(
    name: Name,
    ...args: Parameters<Known[Name]>
  ): Promise<Awaited<ReturnType<Known[Name]>>>
  /** Ends it by SIGKILL. */
  kill(): Promise<void>
}

export interface HelperOptions {
  /** For Node. */
  readonly nodeArgs?: readonly string[]
  /** Network namespace to run in, as ip(8) knows it. */
  readonly namespace?: string
}

interface Question {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** Starts `file`, which answers by `answerCalls`, in a process of its own. It ends with this one. */
export async function startHelper<Known extends Calls>(
  file: string,
  { nodeArgs = process.execArgv, namespace }: HelperOptions = {},
): Promise<Helper<Known>> {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
  const options = { stdio: [...stdio], serialization: 'advanced' as const }
  const child = namespace
    ? spawn(locate('ip'), ['netns', 'exec', namespace, process.execPath, ...nodeArgs, file], options)
    : fork(file, { ...options, execArgv: [...nodeArgs] })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  child.on('message', ({ id, result, error }: Answer) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(result)
    else asked?.reject(new Error(error))
  })
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`a helper ended: ${signal ?? code}`))
    waiting.clear()
  })
  let count = 0
  const kill = () => end(child)
  return {
    pid: child.pid ?? 0,
    call(name, ...args) {
      const asked = Promise.withResolvers<unknown>()
      const question: Question = { id: ++count, name, args }
      waiting.set(question.id, asked)
      child.send(question, (error) => error && asked.reject(error))
      // The other side answers with what the call of this name gives.
      return asked.promise as ReturnType<Helper<Known>['call']> as never
    },
    kill,
    [Symbol.asyncDispose]: kill,
  }
}

/** Makes this process a helper. */
export function answerCalls(calls: Calls): void {
  process.on('message', async ({ id, name, args }: Question) => {
    try {
      process.send?.({ id, result: await calls[name]?.(...args) })
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
