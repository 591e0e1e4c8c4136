import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** Milliseconds between signs of life, and in which a client has to take what was written. */
const HEARTBEAT = 15_000
const PATIENCE = 5_000
/** Bytes of short-lived events that may wait for a slow client. */
const BUFFER_LIMIT = 262_144

export interface StreamEvent {
  /** Where to resume: none for what is short-lived. */
  readonly id?: number
  readonly event: string
  /** JSON on one line. */
  readonly data: string
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) to one client. What has an id is written when the client can take it;
 * what has none is dropped for a client that lags too far. One that takes nothing is cut off, and may resume.
 */
export class EventStream implements Disposable {
  readonly #response: ServerResponse
  readonly #beat: NodeJS.Timeout
  readonly #closing = new AbortController()
  #hasDropped = false
  #wasCut = false

  constructor(response: ServerResponse) {
    this.#response = response
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.once('close', () => this.#closing.abort())
    response.on('error', () => this.#closing.abort())
    this.#beat = setInterval(() => this.#heartbeat(), HEARTBEAT)
  }

  /** Aborted when the client has gone. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Resolves when the client has room again. Cuts it off if it takes too long. */
  async send(event: StreamEvent): Promise<void> {
    if (this.signal.aborted || this.#response.write(format(event))) return
    const patience = AbortSignal.any([this.signal, AbortSignal.timeout(PATIENCE)])
    await once(this.#response, 'drain', { signal: patience }).catch(() => this.#cut())
  }

  /** Whether it took nothing, and was cut off. */
  get wasCut(): boolean {
    return this.#wasCut
  }

  /** False when it was dropped, because too much waits already. */
  offer(event: StreamEvent): boolean {
    const isFull = this.#response.writableLength > BUFFER_LIMIT
    this.#hasDropped ||= isFull
    if (!isFull && !this.signal.aborted) this.#response.write(format(event))
    return !isFull
  }

  /** Whether something was dropped since this was asked last. */
  takeDropped(): boolean {
    const dropped = this.#hasDropped
    this.#hasDropped = false
    return dropped
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beat)
    this.#response.end()
  }

  /** A client that lets a whole heartbeat wait takes nothing any more. */
  #heartbeat(): void {
    if (this.#response.writableNeedDrain) this.#cut()
    else this.#response.write(':\n\n')
  }

  #cut(): void {
    this.#wasCut ||= !this.signal.aborted
    this.#response.destroy()
  }
}

function format({ id, event, data }: StreamEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`
}
