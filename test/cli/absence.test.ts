import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { soon } from '../controller/receiver.ts'
import { ControllerProcess, MAIN } from './fixture.ts'

/** A command that goes on until it is stopped, and the lines of JSON that it has printed. */
class Follower {
  readonly #child
  #text = ''
  #errors = ''

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const options = { env: { ...process.env, ...env }, timeout: 60_000, killSignal: 'SIGKILL' } as const
    this.#child = spawn(process.execPath, [MAIN, ...args, '--json'], options)
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
  }

  /** Names of networks that were made, as told in sentences. */
  get made(): string[] {
    return [...this.#text.matchAll(/"made network (\S+),/g)].map(([, name = '']) => name)
  }

  get errors(): string {
    return this.#errors
  }

  async stop(): Promise<number | null> {
    const ended = once(this.#child, 'exit')
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGINT')
      await ended
    }
    return this.#child.exitCode
  }
}

describe('what goes on until Ctrl-C', () => {
  it('outlives a controller that is started anew, leaves nothing out and tells nothing twice', async () => {
    await using first = await ControllerProcess.start()
    const { env } = first
    const make = async (name: string) => {
      using client = first.client()
      await client.call('createNetwork', { body: { name } })
    }
    const followers = [new Follower(['events'], env), new Follower(['audit', '--watch'], env)]
    try {
      // Both have begun when they tell of something.
      for (let at = 0; followers.some(({ made }) => made.length === 0) && at < 200; at++) {
        await make(`early-${at}`)
        await pause(100)
      }
      const before = followers.map(({ made }) => made.length)
      await first.stop()
      await soon(() => assert.ok(followers.every(({ errors }) => errors !== '')))
      await using _second = await ControllerProcess.start(first.dataDir)
      await make('late')
      await soon(() => assert.ok(followers.every(({ made }) => made.includes('late'))))
      for (const [at, { made, errors }] of followers.entries()) {
        assert.equal(errors, 'The controller does not answer; it is asked again.\n')
        assert.ok(before[at] && new Set(made).size === made.length)
        const numbers = made.slice(0, -1).map((name) => Number(name.split('-')[1]))
        assert.deepEqual(
          numbers,
          numbers.map((_, next) => (numbers[0] ?? 0) + next),
        )
        assert.equal(made.at(-1), 'late')
      }
    } finally {
      assert.deepEqual(await Promise.all(followers.map((follower) => follower.stop())), [0, 0])
    }
  })
})
