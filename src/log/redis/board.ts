import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Link } from './link.ts'
import type { RedisLog } from './log.ts'

/** Calls back with what another controller says under a key; undefined when it says it no more. */
export type BoardListener = (writer: string, key: string, text: string | undefined) => void

/** Milliseconds for which changes are gathered, and between two looks at everything that the others say. */
const GATHER = 200
const LOOK_INTERVAL = 5_000
/** What a controller says is gone so many ms after its last word: it died, or has no connection. */
const LIFE = 15_000
/** Items in one message. */
const MESSAGE_ITEMS = 200

/**
 * What controllers tell each other and nobody has to keep: who is connected where, and what agents report. Each has a hash
 * of its own that expires with it. Changes go by pub/sub, which loses some; looking at the hashes now and then heals that.
 */
export class RedisBoard implements Disposable {
  readonly #log: Pick<RedisLog, 'link' | 'keys'>
  readonly #writer: string
  readonly #own = new Map<string, string>()
  readonly #dirty = new Set<string>()
  readonly #others = new Map<string, Map<string, string>>()
  /** What was told of whom since the last look began: newer than what that look reads. */
  readonly #news = new Map<string, Set<string>>()
  #timer: NodeJS.Timeout | undefined
  #listener: BoardListener = () => undefined
  #link: Link | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #busy = false

  constructor(log: Pick<RedisLog, 'link' | 'keys'>, writer: string) {
    this.#log = log
    this.#writer = writer
  }

  /** Begins to tell and to listen; to be called once. What was heard before somebody listens would never be told again. */
  onOther(listener: BoardListener): void {
    this.#listener = listener
    this.#timer ??= setInterval(() => void this.#tick(), GATHER).unref()
  }

  /** Says something, or with undefined no more. */
  put(key: string, text: string | undefined): void {
    if (this.#own.get(key) === text) return
    if (text === undefined) this.#own.delete(key)
    else this.#own.set(key, text)
    this.#dirty.add(key)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#quietly(async (link) => {
      await link.side.unlink(this.#hashOf(this.#writer))
      await link.side.publish(this.#log.keys.board, JSON.stringify({ from: this.#writer, items: null }))
    })
  }

  async #tick(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    await this.#quietly(async (link) => {
      if (link !== this.#link) await this.#attach(link)
      if (this.#dirty.size > 0) await this.#tell(link)
      if (performance.now() - this.#lookedAt > LOOK_INTERVAL) await this.#look(link)
    })
    this.#busy = false
  }

  /** While there is no server there is nothing to say: agents are served all the same. */
  async #quietly(action: (link: Link) => Promise<void>): Promise<void> {
    try {
      await action(this.#log.link)
    } catch {
      this.#lookedAt = Number.NEGATIVE_INFINITY
    }
  }

  /** Another server may have missed some of what was said. */
  async #attach(link: Link): Promise<void> {
    await link.hear(this.#log.keys.board, (message) => this.#heard(message))
    this.#link = link
    this.#lookedAt = Number.NEGATIVE_INFINITY
    for (const key of this.#own.keys()) this.#dirty.add(key)
  }

  async #tell(link: Link): Promise<void> {
    const hash = this.#hashOf(this.#writer)
    const keys = [...this.#dirty].slice(0, MESSAGE_ITEMS)
    const items = keys.map((key) => [key, this.#own.get(key) ?? null] as const)
    const pipeline = link.side.pipeline()
    for (const [key, text] of items) {
      if (text === null) pipeline.hdel(hash, key)
      else pipeline.hset(hash, key, text)
    }
    pipeline.pexpire(hash, LIFE)
    pipeline.publish(this.#log.keys.board, JSON.stringify({ from: this.#writer, items }))
    const replies = await pipeline.exec()
    const failed = replies?.find(([error]) => error)
    if (failed?.[0]) throw failed[0]
    for (const [key, text] of items) if ((this.#own.get(key) ?? null) === text) this.#dirty.delete(key)
    if (this.#dirty.size > 0) await this.#tell(link)
  }

  async #look(link: Link): Promise<void> {
    const { board } = this.#log.keys
    this.#news.clear()
    await this.#renew(link)
    const writers = await link.side.hkeys(board)
    for (const writer of writers.filter((one) => one !== this.#writer)) {
      const said = new Map(Object.entries(await link.side.hgetall(this.#hashOf(writer))))
      if (said.size === 0 && !(await this.#lives(link, writer))) await link.side.hdel(board, writer)
      this.#compare(writer, said)
    }
    for (const writer of this.#others.keys()) if (!writers.includes(writer)) this.#compare(writer, new Map())
    this.#lookedAt = performance.now()
  }

  /**
   * Says that this one is there, and looks at what is kept of it. That may lack something, or name who is gone: it expired, or the
   * server had not heard all as it became the primary.
   */
  async #renew(link: Link): Promise<void> {
    const own = this.#hashOf(this.#writer)
    const [, , found] = await Promise.all([
      link.side.hset(this.#log.keys.board, this.#writer, Date.now()),
      // Beside that, for a server without room does this all the same.
      link.side.pexpire(own, LIFE),
      link.side.hkeys(own),
    ])
    const kept = new Set(found)
    for (const key of [...kept, ...this.#own.keys()])
      if (kept.has(key) !== this.#own.has(key)) this.#dirty.add(key)
  }

  /** One without agents has nothing to say and is there all the same. */
  async #lives(link: Link, writer: string): Promise<boolean> {
    const at = await link.side.hget(this.#log.keys.board, writer)
    return Date.now() - Number(at) < LIFE * 4
  }

  #compare(writer: string, said: ReadonlyMap<string, string>): void {
    const known = this.#others.get(writer)
    const news = this.#news.get(writer)
    for (const key of new Set([...(known?.keys() ?? []), ...said.keys()])) {
      if (!news?.has(key)) this.#took(writer, key, said.get(key))
    }
  }

  #heard(message: string): void {
    const said = parseMessage(message)
    if (!said || said.from === this.#writer) return
    const { from } = said
    const items = said.items ?? [...(this.#others.get(from)?.keys() ?? [])].map((key) => [key, null] as const)
    const news = this.#news.get(from) ?? new Set()
    this.#news.set(from, news)
    for (const [key, text] of items) {
      news.add(key)
      this.#took(from, key, text ?? undefined)
    }
  }

  #took(writer: string, key: string, text: string | undefined): void {
    const known = this.#others.get(writer) ?? new Map<string, string>()
    if (known.get(key) === text) return
    this.#others.set(writer, known)
    if (text === undefined) known.delete(key)
    else known.set(key, text)
    if (known.size === 0) this.#others.delete(writer)
    this.#listener(writer, key, text)
  }

  #hashOf(writer: string): string {
    return `${this.#log.keys.board}:${writer}`
  }
}

/** `items` null: it goes, and says nothing any more. */
const Message = Type.Object({
  from: Type.String(),
  items: Type.Union([
    Type.Null(),
    Type.Array(Type.Tuple([Type.String(), Type.Union([Type.String(), Type.Null()])])),
  ]),
})
const messageShape = Compile(Message)

/** Undefined for what is no message, as a later release may send it: looking at the hashes tells the same. */
function parseMessage(text: string): Type.Static<typeof Message> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return messageShape.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}
