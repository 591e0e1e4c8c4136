import { type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { eventually } from '../rig.ts'
import type { Place } from './fixture.ts'

export interface Heard {
  readonly id: number | undefined
  readonly event: string
  // The tests look into events of every kind.
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts what is there
  readonly data: any
}

/** A client of the live events, as slow as a test wants it. */
export class Listener implements Disposable {
  readonly heard: Heard[] = []
  readonly response: IncomingMessage
  ended = false
  #rest = ''

  private constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('close', () => {
      this.ended = true
    })
    response.on('error', () => undefined)
    response.on('data', (text: string) => this.#take(text))
  }

  static async open(place: Place, query = '', headers: Record<string, string> = {}): Promise<Listener> {
    const { port, token } = place
    const ask = place.controller.settings.insecurePlainWebsocket ? request : requestTls
    const sent = ask({
      host: '127.0.0.1',
      port,
      path: `/v1/events${query}`,
      rejectUnauthorized: false,
      agent: false,
      headers: { authorization: `Bearer ${token}`, ...headers },
    })
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject).end()
    })
    return new Listener(response)
  }

  of(event: string): Heard[] {
    return this.heard.filter((each) => each.event === event)
  }

  next(what: string, isIt: (heard: Heard) => boolean): Promise<Heard> {
    return eventually(what, () => this.heard.find(isIt), 20_000)
  }

  [Symbol.dispose](): void {
    this.response.destroy()
  }

  #take(text: string): void {
    const parts = `${this.#rest}${text}`.split('\n\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) {
      const fields = new Map(
        part.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      )
      const id = fields.get('id')
      const event = fields.get('event')
      if (event)
        this.heard.push({
          id: id === undefined ? undefined : Number(id),
          event,
          data: JSON.parse(fields.get('data') ?? ''),
        })
    }
  }
}
