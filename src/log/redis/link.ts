import type { Redis } from 'ioredis'
import { WeftError } from '../../errors.ts'
import type { Row } from '../chain.ts'
import type { Head } from '../log.ts'
import { type Access, addressText } from './address.ts'
import type { Circle } from './circle.ts'
import { connectTo, endOf, failureAt } from './client.ts'
import { type Answered, type Committed, OTHER_LEVEL, SET_OTHERWISE, toCommitted } from './committed.ts'
import { notWhole, ofOtherType, remains, taken } from './errors.ts'
import type { Keys } from './keys.ts'
import { isOtherType, otherTyped } from './keytypes.ts'
import type { Place } from './place.ts'
import { BARRIER_ANSWER_LIMIT, Runner } from './runner.ts'
import { CLAIM } from './scripts/arm.ts'
import { COMMIT, CONFIRM, PROVE, SETTLE } from './scripts/change.ts'
import { MOVE_IN } from './scripts/import.ts'
import { REFUSE } from './scripts/refuse.ts'
import type { Script } from './scripts/script.ts'
import { FOLLOWERS, META_FIELDS, type ServerStatus, toStatus } from './status.ts'

export interface LinkTools {
  readonly access: Access
  readonly keys: Keys
  /** Names this writer to the others. */
  readonly writer: string
  /** Who has to have a change; undefined: none is to be made. */
  readonly circle?: Circle
}

/** What became of an operation. */
export interface Found {
  /** Of its entry; undefined: it was not done. */
  readonly sequence: number | undefined
  /** The last time that it was refused, and when this was looked for, as COMMIT takes them: `1764166266000@1764166266417`. */
  readonly refusal: string
}

/** A row that is to be made, if its operation was not refused since that look. */
export interface Change {
  readonly row: Row
  readonly refusal: string
}

/** What a script said, and whether all who must have what it did have it. */
type Told = Pick<Answered, 'reply' | 'reached'>

/** The connections to one primary, for as long as all of them stand. */
export class Link implements Disposable {
  readonly place: Place
  readonly runId: string
  /** Resolves when one of the connections is gone. */
  readonly ended: Promise<void>
  readonly #tools: LinkTools
  readonly #runner: Runner
  /** Changes have a connection of their own: a WAIT keeps everything behind it from being looked at. */
  readonly #write: Redis
  readonly #side: Redis
  readonly #read: Redis
  readonly #bell: Redis
  /** Why a change cannot be confirmed, as of the last look; set by who looks after it. */
  problem: WeftError | undefined

  private constructor(place: Place, runId: string, tools: LinkTools, clients: readonly Redis[]) {
    const [write, side, read, bell] = clients
    if (!write || !side || !read || !bell) throw new WeftError('internal', 'A connection is missing.')
    this.place = place
    this.runId = runId
    this.#tools = tools
    this.#runner = new Runner(tools.keys, tools.circle)
    this.#write = write
    this.#side = side
    this.#read = read
    this.#bell = bell
    this.ended = Promise.race(clients.map(endOf))
  }

  /** Rejects with `store-unavailable`. */
  static async open(place: Place, tools: LinkTools): Promise<Link> {
    const slow = {
      commandTimeout: BARRIER_ANSWER_LIMIT,
      socketTimeout: BARRIER_ANSWER_LIMIT + 500,
    }
    const opening = [slow, slow, {}, {}].map((limits) => connectTo(place.primary, tools.access, limits))
    try {
      const clients = await Promise.all(opening)
      const status = await statusOf(clients[2], tools.keys)
      return new Link(place, status.runId, tools, clients)
    } catch (cause) {
      for (const one of await Promise.allSettled(opening))
        if (one.status === 'fulfilled') one.value.disconnect()
      // Nothing else is asked for before it stands.
      if (isOtherType(cause)) throw ofOtherType([tools.keys.meta])
      throw failureAt(cause, addressText(place.primary), { isFirst: true })
    }
  }

  /** Calls `listener` whenever a writer says up to where entries are durable. Messages get lost: look by yourself as well. */
  onBell(listener: (sequence: number) => void): Promise<void> {
    return this.hear(this.#tools.keys.bell, (message) => listener(Number(message)))
  }

  /** Calls `listener` with each message on a channel that does not get lost. */
  async hear(wanted: string, listener: (message: string) => void): Promise<void> {
    this.#bell.on('message', (channel: string, message: string) => {
      if (channel === wanted) listener(message)
    })
    await this.#guard(() => this.#bell.subscribe(wanted))
  }

  status(): Promise<ServerStatus> {
    return this.#guard(() => statusOf(this.#read, this.#tools.keys))
  }

  /** Rows `from` to `to`, `limit` at most. */
  rows(from: number, to: number, limit: number): Promise<Row[]> {
    return this.#guard(async () => {
      const { stream } = this.#tools.keys
      const found = await this.#read.xrangeBuffer(stream, `${from}-0`, `${to}-0`, 'COUNT', limit)
      return found.map(toRow)
    })
  }

  /** What became of operations. */
  async find(operations: readonly string[]): Promise<Found[]> {
    const keys = this.#tools.keys
    const [[seconds = 0, micros = 0], found, refusals] = await this.#guard(() =>
      Promise.all([
        this.#read.time(),
        this.#read.hmget(keys.operations, ...operations),
        this.#read.zmscore(keys.refusals, ...operations),
      ]),
    )
    const now = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
    return operations.map((_, at) => ({
      sequence: found[at] ? Number(found[at]) : undefined,
      refusal: `${refusals[at] ?? ''}@${now}`,
    }))
  }

  /** Refuses an operation, so that no server forgets it; the sequence of its entry if it was done. */
  async refuse(operation: string): Promise<number | undefined> {
    const { reply, reached } = await this.#ask(REFUSE, [operation])
    const [answer, sequence] = reply
    if (answer === 'known') return Number(sequence)
    expectAll(reached)
    return undefined
  }

  /** Makes changes, the first of which stands on `before`, if nobody was faster, and waits until they are safe. */
  async commit(before: Head, changes: readonly Change[], confirmed: number): Promise<Committed> {
    const alone = this.isAlone ? '1' : '0'
    const standing = [String(before.sequence), before.hash, this.#tools.writer]
    const args = [...standing, this.#level, String(confirmed), alone]
    const drafts = changes.flatMap(({ row: { operation, hash, payload }, refusal }) => [
      operation,
      hash,
      Buffer.from(payload),
      refusal,
    ])
    const answered = await this.#runner.surely(this.#write, COMMIT, { args: [...args, ...drafts] })
    if (!isOtherType(answered.error)) return toCommitted(answered)
    const harm = await this.#failure(answered.error)
    return { kind: 'refused', reason: harm.message, cause: harm }
  }

  /** Makes sure that everything up to the end of the log is safe. Resolves with that end. */
  async settle(): Promise<Head> {
    const [{ reply, reached }] = await Promise.all([this.#ask(SETTLE, []), this.#checkTypes()])
    if (reply[0] !== 'done') throw notDone(reply)
    expectAll(reached)
    const [, sequence, hash = ''] = reply
    await this.confirm(Number(sequence))
    return { sequence: Number(sequence), hash }
  }

  /**
   * Rejects unless all that must have a change still follow this server. Then nobody else was the primary at the time of the
   * call, and nothing was durable that is not here: a server that was deposed and is cut off takes itself for armed still.
   */
  async prove(): Promise<void> {
    if (this.isAlone) return
    const { reply, reached } = await this.#ask(PROVE, [])
    if (reply[0] !== 'done') throw notDone(reply)
    expectAll(reached)
  }

  /** Makes the log here, which ends with `head`, the one at `target`. Rejects with `already-exists` when anything is there. */
  async moveIn({ sequence, hash }: Head, target: Keys): Promise<void> {
    const args = [String(sequence), hash]
    const { reply, reached } = await this.#ask(MOVE_IN, args, target.all)
    if (reply[0] === 'taken') throw taken(target, Number(reply[1]))
    if (reply[0] === 'remains') throw remains(target, reply.slice(1))
    if (reply[0] !== 'done') throw notDone(reply)
    expectAll(reached)
  }

  /** Writes down up to where everything is safe. */
  async confirm(sequence: number): Promise<void> {
    await this.run(CONFIRM, [String(sequence), this.#level])
  }

  get keys(): Keys {
    return this.#tools.keys
  }

  /** Whether a change is safe as soon as this server has it. */
  get isAlone(): boolean {
    return this.#runner.isAlone
  }

  get #level(): string {
    return this.#tools.circle?.level ?? ''
  }

  get name(): string {
    return addressText(this.place.primary)
  }

  /** Tells the others that entries are safe. */
  ring(sequence: number): void {
    this.#read.publish(this.#tools.keys.bell, String(sequence)).catch(() => undefined)
  }

  /**
   * Tells the others, if the server is not armed, that everything up to `sequence` was acknowledged; 0 takes back what was
   * claimed before.
   */
  async claim(sequence: number): Promise<void> {
    const args = [this.#tools.writer, String(sequence)]
    // Not behind changes, which may be waiting for replicas.
    await this.#guard(() => this.#runner.run(this.#read, CLAIM, { args }))
  }

  /** Runs a script without waiting for replicas. Rejects with `store-unavailable` when it is fenced off. */
  async run(script: Script, args: readonly (string | Buffer)[]): Promise<readonly string[]> {
    return expectTaken(await this.#guard(() => this.#runner.run(this.#side, script, { args })))
  }

  /** The connection for what is not the log: who is where, and parts of snapshots. */
  get side(): Redis {
    return this.#read
  }

  [Symbol.dispose](): void {
    for (const client of [this.#write, this.#side, this.#read, this.#bell]) client.disconnect()
  }

  /**
   * Runs a script and waits for who must have what it did; not where it is known that they do not. Rejects when it is fenced
   * off, or the log is not whole.
   */
  async #ask(script: Script, args: readonly string[], moreKeys: readonly string[] = []): Promise<Told> {
    if (this.problem) throw this.problem
    const answered = await this.#runner.surely(this.#side, script, { args, moreKeys })
    const { error, reply, reached, harm } = answered
    if (harm) throw harm
    if (error) throw await this.#failure(error)
    return { reply: expectTaken(reply), reached }
  }

  async #guard<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action()
    } catch (cause) {
      throw await this.#failure(cause)
    }
  }

  /** What a change needs is not all told by scripts that make none: it would be refused, and this be taken for ready. */
  async #checkTypes(): Promise<void> {
    const { keys } = this.#tools
    const needed = [keys.meta, keys.stream, keys.operations, keys.refusals]
    const other = await this.#guard(() => otherTyped(this.#read, keys))
    const harmed = needed.filter((key) => other.includes(key))
    if (harmed.length > 0) throw ofOtherType(harmed)
  }

  /** In words of ours; a key that is of another type by its name. */
  async #failure(cause: unknown): Promise<WeftError> {
    if (!isOtherType(cause)) return failureAt(cause, this.name)
    const other = await otherTyped(this.#read, this.#tools.keys).catch(() => [])
    return ofOtherType(other)
  }
}

async function statusOf(client: Redis | undefined, { meta }: Keys): Promise<ServerStatus> {
  const replies = await client
    ?.pipeline()
    .info('server')
    .info(...FOLLOWERS)
    .hmget(meta, ...META_FIELDS)
    .exec()
  const failed = replies?.find(([error]) => error)
  if (failed?.[0]) throw failed[0]
  const [server, followers, values] = replies?.map(([, value]) => value) ?? []
  return toStatus(`${server}\n${followers}`, Array.isArray(values) ? values : [])
}

function toRow([id, fields]: [Buffer, Buffer[]]): Row {
  const [, operation, , hash, , payload] = fields
  return {
    sequence: Number(String(id).split('-')[0]),
    operation: String(operation),
    hash: String(hash),
    payload: payload ?? new Uint8Array(),
  }
}

const NOT_TAKEN: ReadonlySet<string> = new Set(['fenced', 'damaged', 'level', 'unseen'])

function expectTaken(reply: readonly string[]): readonly string[] {
  if (NOT_TAKEN.has(reply[0] ?? '')) throw notDone(reply)
  return reply
}

function expectAll(reached: boolean): void {
  if (!reached) throw new WeftError('store-unavailable', 'Not every Redis replica answers.')
}

function notDone([answer, harm = '']: readonly string[]): WeftError {
  if (answer === 'unseen') return new WeftError('store-unavailable', SET_OTHERWISE)
  if (answer === 'level') return new WeftError('store-unavailable', OTHER_LEVEL)
  return answer === 'damaged' ? notWhole(harm) : notArmed()
}

function notArmed(): WeftError {
  return new WeftError('store-unavailable', 'The Redis server is not the one that was armed.')
}
