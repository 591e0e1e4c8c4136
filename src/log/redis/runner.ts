import { setTimeout as wait } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { barrierCommands, WAIT_LIMIT } from './barrier.ts'
import type { Circle } from './circle.ts'
import type { Answered } from './committed.ts'
import type { Keys } from './keys.ts'
import type { Script } from './scripts/script.ts'
import { FOLLOWERS, toFollowers } from './status.ts'

/** A command that waits for replicas is answered within this many ms, or not at all. */
export const BARRIER_ANSWER_LIMIT = WAIT_LIMIT + 500

/** Milliseconds for a change on a server that somebody sets otherwise all the while: it is answered within three seconds. */
const SURE_LIMIT = BARRIER_ANSWER_LIMIT + 250
/** Of these what is left for the last try after the last look. */
const LAST_TRY = 500
/** So often, for one who sets one thing after the other. */
const LOOKS = 5

interface Input {
  readonly args: readonly (string | Buffer)[]
  /** Besides those of the log. */
  readonly moreKeys?: readonly string[] | undefined
}

/** Who has to have what is done, as far as that is asked for. */
type Around = Pick<Circle, 'barrier' | 'harm' | 'isReached' | 'lookAgain' | 'seen' | 'silence'>

/** Runs scripts on the keys of a log, and knows who has to have what they do. */
export class Runner {
  readonly #keys: Keys
  readonly #circle: Around | undefined

  /** @param circle undefined: nobody has to have anything */
  constructor(keys: Keys, circle: Around | undefined) {
    this.#keys = keys
    this.#circle = circle
  }

  /** Whether a change is safe as soon as the server has it. */
  get isAlone(): boolean {
    return this.#waiting().length === 0
  }

  /** Without waiting for replicas. Rejects with what the client says. */
  async run(client: Redis, script: Script, input: Input): Promise<readonly string[]> {
    return toTexts(await client.call('EVAL', ...this.#evaluation(script, input)))
  }

  /**
   * The same for a script that begins with SEEN: where the server was set otherwise since it was looked at, it does nothing
   * before the next look. Says whether all who must have what it did have it.
   */
  async surely(client: Redis, script: Script, input: Input): Promise<Answered> {
    const begin = performance.now()
    const until = begin + SURE_LIMIT
    let answered = await this.#once(client, script, input, begin + BARRIER_ANSWER_LIMIT)
    for (let looks = 0; isUnseen(answered) && looks < LOOKS; looks++) {
      const left = until - LAST_TRY - performance.now()
      if (left < 0) break
      await within(left, this.#circle?.lookAgain(), undefined)
      const harm = this.#circle?.harm ?? this.#circle?.silence
      if (harm) return { ...answered, harm }
      const again = this.#once(client, script, input, until)
      answered = await within(until - performance.now(), again, NO_REPLY)
    }
    return answered
  }

  /** @param until when it is answered, or not at all */
  async #once(client: Redis, script: Script, { args, moreKeys }: Input, until: number): Promise<Answered> {
    const input = { args: [this.#circle?.seen ?? '', ...args], moreKeys }
    const commands = this.#waiting()
    const pipeline = client.pipeline()
    pipeline.call('EVAL', ...this.#evaluation(script, input))
    for (const [command = '', ...rest] of commands) pipeline.call(command, ...rest)
    const replies = await pipeline.exec().catch((error: unknown) => [[error, undefined]] as const)
    const [first, ...others] = replies ?? []
    const [error, value] = first ?? [NO_REPLY.error, undefined]
    const reply = toTexts(value)
    // Then nothing was done that anybody could have.
    if (!error && isUnseen({ reply })) return { error, reply, reached: false }
    const isAnswered = !error && others.length === commands.length && others.every(([problem]) => !problem)
    const said = others.map(([, one]) => one)
    return { error, reply, reached: isAnswered && (await this.#isReached(client, said, until)) }
  }

  /** What goes behind a change. */
  #waiting(): string[][] {
    const circle = this.#circle
    return circle ? barrierCommands(circle.barrier) : []
  }

  async #isReached(client: Redis, said: readonly unknown[], until: number): Promise<boolean> {
    const circle = this.#circle
    if (said.length === 0 || !circle) return true
    const ask = async () => toFollowers(await client.info(...FOLLOWERS))
    const isReached = circle.isReached(said, ask, until).catch(() => false)
    return within(until - performance.now(), isReached, false)
  }

  #evaluation({ lua }: Script, { args, moreKeys = [] }: Input): (string | Buffer)[] {
    const all = [...this.#keys.all, ...moreKeys]
    return [lua, String(all.length), ...all, ...args]
  }
}

const NO_REPLY: Answered = Object.freeze({ error: new Error('no reply'), reply: [], reached: false })

function isUnseen({ reply }: Pick<Answered, 'reply'>): boolean {
  return reply[0] === 'unseen'
}

/** What comes within so many ms, or `otherwise`. */
async function within<Value>(
  ms: number,
  coming: Promise<Value> | undefined,
  otherwise: Value,
): Promise<Value> {
  const over = new AbortController()
  const late = wait(ms, otherwise, { signal: over.signal }).catch(() => otherwise)
  return Promise.race([coming ?? otherwise, late]).finally(() => over.abort())
}

function toTexts(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : []
}
