import assert from 'node:assert/strict'
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Ledger } from '../../src/controller/ledger/ledger.ts'
import { WeftError } from '../../src/errors.ts'
import type { Entry } from '../../src/log/log.ts'
import { openRedisLog, type RedisLog } from '../../src/log/redis/log.ts'
import type { RedisLogOptions } from '../../src/log/redis/options.ts'
import { emptyState } from '../../src/model/state.ts'
import { gapsIn } from '../chaos/history.ts'
import { collect } from '../log/fixture.ts'
import type { RedisSite } from './site.ts'

/** Epochs rise by less than this, at random: so an epoch names the one change that made it. */
const STEP = 1_000_000

/** What became of an operation, as its caller was told. */
type Told =
  | { readonly kind: 'ok'; readonly entry: Entry }
  | { readonly kind: 'failed' | 'unknown' }
  /** It was told that it cannot be, because the epoch was `seen`; it had been `floor` when it asked. */
  | { readonly kind: 'declined'; readonly seen: number; readonly floor: number }

export interface Figures {
  readonly acknowledged: number
  readonly unknown: number
  readonly refused: number
  /** Those that were told why they cannot be. */
  readonly declined: number
  /** Milliseconds between two acknowledged changes, at most. */
  readonly longestPause: number
  /** Milliseconds that an answer took, at most. */
  readonly slowestAnswer: number
}

export function optionsFor(
  site: Pick<RedisSite, 'urls'>,
  realm: string,
  more: Partial<RedisLogOptions> = {},
): RedisLogOptions {
  return { urls: site.urls, realm, level: 'strict', writer: randomUUID(), ...more }
}

/** Several controllers' worth of writers, which go on whatever happens and write down what they were told. */
export class Writers implements AsyncDisposable {
  readonly logs: readonly RedisLog[]
  readonly #told = new Map<string, Told>()
  readonly #followed: Entry[][] = []
  readonly #made: number[]
  readonly #stop: AbortController
  readonly #name: string
  readonly #work: Promise<unknown>[]
  /** While true they make nothing, and only ask for what cannot be. */
  onlyAsk = false
  /** The highest epoch that was acknowledged. */
  #epoch = 0
  #last = performance.now()
  #longestPause = 0
  #slowestAnswer = 0
  #isOver = false

  private constructor(
    logs: readonly RedisLog[],
    ledgers: readonly Ledger[],
    stop: AbortController,
    name: string,
  ) {
    this.#name = name
    this.logs = logs
    this.#stop = stop
    this.#made = ledgers.map(() => 0)
    const writing = ledgers.map((ledger, at) => this.#write(ledger, at))
    this.#work = [...writing, ...logs.map((log, at) => this.#follow(log, at))]
  }

  /** @param name begins the names of operations, which have to be others than those of other processes */
  static async start(count: number, options: () => RedisLogOptions, name = 'writer'): Promise<Writers> {
    const logs = await Promise.all(Array.from({ length: count }, () => openRedisLog(options())))
    const stop = new AbortController()
    const ledgers = await Promise.all(logs.map((log) => Ledger.open(log, stop.signal, () => undefined)))
    return new Writers(logs, ledgers, stop, name)
  }

  get acknowledged(): number {
    return [...this.#told.values()].filter(({ kind }) => kind === 'ok').length
  }

  /** How many changes each writer has made. */
  get made(): readonly number[] {
    return [...this.#made]
  }

  /** Those of whom it was said why they cannot be. */
  get declined(): number {
    return [...this.#told.values()].filter(({ kind }) => kind === 'declined').length
  }

  /** Those that were not made, or of which nobody knows. */
  get refused(): number {
    return [...this.#told.values()].filter(({ kind }) => kind === 'failed' || kind === 'unknown').length
  }

  /** Forgets the pauses so far. */
  resetPauses(): void {
    this.#last = performance.now()
    this.#longestPause = 0
    this.#slowestAnswer = 0
  }

  async stop(): Promise<Figures> {
    this.#isOver = true
    await Promise.all(this.#work.slice(0, this.logs.length))
    await wait(300)
    this.#stop.abort()
    await Promise.all(this.#work)
    const count = (kind: Told['kind']) => [...this.#told.values()].filter((told) => told.kind === kind).length
    return {
      acknowledged: count('ok'),
      unknown: count('unknown'),
      refused: count('failed'),
      declined: count('declined'),
      longestPause: Math.round(this.#longestPause),
      slowestAnswer: Math.round(this.#slowestAnswer),
    }
  }

  /**
   * Whether the log holds what it has to: all that was acknowledged, at its place, once; nothing that was refused; what was
   * told as the reason of a refusal; and every follower saw a beginning of just that. How many of the acknowledged are there.
   */
  async check(log: RedisLog): Promise<number> {
    const entries = await collect(log.read(1))
    const byOperation = new Map(entries.map((entry) => [entry.operation, entry]))
    assert.equal(byOperation.size, entries.length, 'an operation was done twice')
    assert.deepEqual(gapsIn([0, ...entries.map(({ sequence }) => sequence)]), [])
    const lost = [...this.#told].filter(
      ([operation, told]) => told.kind === 'ok' && byOperation.get(operation)?.hash !== told.entry.hash,
    )
    assert.deepEqual(
      lost.map(([operation]) => operation),
      [],
      `of ${this.acknowledged} acknowledged changes these were lost`,
    )
    const undead = [...this.#told].filter(
      ([operation, { kind }]) => (kind === 'failed' || kind === 'declined') && byOperation.has(operation),
    )
    assert.deepEqual(
      undead.map(([operation]) => operation),
      [],
      'changes were refused and made all the same',
    )
    this.#checkReasons(entries)
    for (const seen of this.#followed) {
      const wrong = seen.find((entry, at) => entry.hash !== entries[at]?.hash)
      assert.equal(wrong, undefined, 'a follower saw what is not in the log')
    }
    return this.acknowledged - lost.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    this.#stop.abort()
    await Promise.all(this.#work)
    await Promise.all(this.logs.map((log) => log[Symbol.asyncDispose]()))
  }

  async #write(ledger: Ledger, writer: number): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      const alone = `${this.#name}-${writer}-${number}-alone`
      if (this.onlyAsk) {
        await this.#ask(ledger, alone, true)
        await wait(20)
        continue
      }
      const group = Array.from({ length: 4 }, (_, at) => `${this.#name}-${writer}-${number}-${at}`)
      const told = await Promise.all(
        group.map((operation, at) =>
          at === 3 ? this.#ask(ledger, operation, false) : this.#change(ledger, operation, writer),
        ),
      )
      if (!told.some(({ kind }) => kind === 'failed' || kind === 'unknown')) continue
      // Alone, for what is decided beside changes that fail fails with them.
      await this.#ask(ledger, alone, true)
      await wait(20)
    }
  }

  async #change(ledger: Ledger, operation: string, writer: number): Promise<Told> {
    const began = performance.now()
    const told = await this.#try(ledger, operation)
    this.#told.set(operation, told)
    const now = performance.now()
    this.#slowestAnswer = Math.max(this.#slowestAnswer, now - began)
    if (told.kind !== 'ok') return told
    this.#made[writer] = (this.#made[writer] ?? 0) + 1
    this.#epoch = Math.max(this.#epoch, ...epochsOf(told.entry))
    this.#longestPause = Math.max(this.#longestPause, now - this.#last)
    this.#last = now
    return told
  }

  async #try(ledger: Ledger, operation: string): Promise<Told> {
    try {
      const request = { actor: 'test', operation, at: Date.now() }
      const { entry } = await ledger.change(request, ({ epoch }) => ({
        events: [{ type: 'epoch-raised', epoch: epoch + randomInt(1, STEP) }],
        result: undefined,
      }))
      return entry ? { kind: 'ok', entry } : { kind: 'failed' }
    } catch (error) {
      return { kind: isOpen(error) ? 'unknown' : 'failed' }
    }
  }

  /** Asks for what cannot be; with `isNew` as one who will not ask again, of whom no mark is kept. */
  async #ask(ledger: Ledger, operation: string, isNew: boolean): Promise<Told> {
    const told = await this.#decline(ledger, operation, isNew)
    this.#told.set(operation, told)
    return told
  }

  async #decline(ledger: Ledger, operation: string, isNew: boolean): Promise<Told> {
    const floor = this.#epoch
    let seen = -1
    try {
      await ledger.change({ actor: 'test', operation, at: Date.now(), isNew }, ({ epoch }) => {
        seen = epoch
        throw new WeftError('already-exists', 'There is an epoch already.')
      })
    } catch (error) {
      if (error instanceof WeftError && error.code === 'already-exists')
        return { kind: 'declined', seen, floor }
      return { kind: isOpen(error) ? 'unknown' : 'failed' }
    }
    return { kind: 'failed' }
  }

  /** A refusal stands on what was and stays durable, and not on less than was acknowledged before it was asked for. */
  #checkReasons(entries: readonly Entry[]): void {
    const epochs = new Set([emptyState.epoch, ...entries.flatMap(epochsOf)])
    const declined = [...this.#told].flatMap(([operation, told]) =>
      told.kind === 'declined' ? [{ operation, ...told }] : [],
    )
    assert.ok(declined.length > 0, 'nobody was told that something cannot be')
    const baseless = declined.filter(({ seen, floor }) => !epochs.has(seen) || seen < floor)
    assert.deepEqual(baseless, [], 'what was refused stood on what is not in the log, or on what was old')
  }

  async #follow(log: RedisLog, at: number): Promise<void> {
    const seen: Entry[] = []
    this.#followed[at] = seen
    for await (const entry of log.follow(1, this.#stop.signal)) seen.push(entry)
  }
}

function epochsOf({ events }: Entry): number[] {
  return events.flatMap((event) => (event.type === 'epoch-raised' ? [event.epoch] : []))
}

/** Whether it may have been made all the same. */
function isOpen(error: unknown): boolean {
  return error instanceof WeftError && /^Whether/.test(error.message)
}

/** For a report. @param found how many of the acknowledged `check` has found */
export function countsOf(figures: Figures, found: number): Readonly<Record<string, number>> {
  const { acknowledged, unknown, refused, declined, longestPause, slowestAnswer } = figures
  const times = { 'ms of pause at most': longestPause, 'ms for an answer at most': slowestAnswer }
  return { acknowledged, lost: acknowledged - found, unknown, refused, declined, ...times }
}
