import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type ErrorCode, WeftError } from '../../src/errors.ts'
import type { Host } from '../../src/lab/host.ts'
import { locate } from '../../src/wireguard/run.ts'
import type { Calls } from './worker.ts'

/** What comes back over IPC. */
interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: ErrorCode; readonly message: string }
}

/** A worker on a lab host: does with interfaces what an agent does, at the call of a test. */
export class Station implements AsyncDisposable {
  readonly #child: ChildProcess
  #calls = 0

  /** Use `startStation`. */
  constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Rejects with the error that the worker met. */
  async call<Name extends keyof Calls>(
    name: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>> {
    this.#calls += 1
    this.#child.send({ id: this.#calls, name, args })
    // The worker answers with what the call of this name gives.
    return (await answerTo(this.#child, this.#calls)) as Awaited<ReturnType<Calls[Name]>>
  }

  /** `kill -9` for the worker with its whole process group. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    process.kill(-(this.#child.pid ?? Number.NaN), 'SIGKILL')
    await gone
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}

/** Starts a worker in a process group of its own. */
export async function startStation(host: Host): Promise<Station> {
  const worker = [process.execPath, `${import.meta.dirname}/worker.ts`]
  const child = spawn(locate('ip'), ['netns', 'exec', host.namespace ?? '', ...worker], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    detached: true,
  })
  await answerTo(child, 0)
  return new Station(child)
}

function answerTo(child: ChildProcess, id: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const listen = (answer: Answer) => {
      if (answer.id !== id) return
      child.off('message', listen).off('exit', end)
      if (answer.error) reject(new WeftError(answer.error.code, answer.error.message))
      else resolve(answer.result)
    }
    const end = () => reject(new Error('the worker ended'))
    child.on('message', listen).on('exit', end)
  })
}
