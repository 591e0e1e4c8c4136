/** One server-sent event. */
export interface ServerEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** Puts events together from pieces of text that end anywhere (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export class EventParser {
  #rest = ''

  /** The events that are whole by now. */
  take(text: string): ServerEvent[] {
    const parts = `${this.#rest}${text}`.split('\n\n')
    this.#rest = parts.pop() ?? ''
    return parts.map(parse).filter((event) => event.event !== '')
  }
}

function parse(part: string): ServerEvent {
  const fields = new Map<string, string>()
  for (const line of part.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart())
  }
  return { id: fields.get('id'), event: fields.get('event') ?? '', data: fields.get('data') ?? '' }
}
