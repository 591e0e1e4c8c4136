import type { Place } from '../fixture.ts'

export interface Shown {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** As much of a browser as a sign-in needs: it follows redirects and keeps cookies, each for its own host. */
export class Browser {
  readonly #place: Place
  readonly #host: string
  readonly #cookies = new Map<string, Map<string, string>>()
  /** Every URL it has been at, the newest last. */
  readonly history: string[] = []

  /** @param host by which the browser knows the controller */
  constructor(place: Place, host = 'weft.test') {
    this.#place = place
    this.#host = host
  }

  /** Goes to a URL and wherever that leads, 12 steps at most. */
  async go(url: string, until: (url: string) => boolean = () => false): Promise<Shown> {
    let at = new URL(url, `https://${this.#host}`)
    for (let step = 0; step < 12; step++) {
      this.history.push(at.href)
      if (until(at.href)) return { url: at.href, status: 0, headers: new Headers(), text: '' }
      const shown = await this.#load(at, {})
      const location = shown.headers.get('location')
      if (location === null || shown.status < 300 || shown.status > 399) return shown
      at = new URL(location, at)
    }
    throw new Error(`redirected too often, at last to ${at.href}`)
  }

  /** Sends the first form of a page with what is in it, and what is given besides. */
  async submit({ url, text }: Shown, fields: Record<string, string>): Promise<Shown> {
    const action = /<form[^>]*action="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? url
    const hidden = [...text.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)]
    const body = new URLSearchParams(fields)
    for (const [, name = '', value = ''] of hidden) if (!body.has(name)) body.set(name, value)
    const shown = await this.#load(new URL(action, url), { method: 'POST', body })
    const location = shown.headers.get('location')
    return location === null ? shown : this.go(new URL(location, url).href)
  }

  /** The cookies that are kept for a host. */
  cookies(host = this.#host): ReadonlyMap<string, string> {
    return this.#cookies.get(host) ?? new Map()
  }

  async #load(url: URL, init: { method?: string; body?: URLSearchParams }): Promise<Shown> {
    const cookie = [...this.cookies(url.host)].map((pair) => pair.join('=')).join('; ')
    const shown =
      url.host === this.#host
        ? await this.#loadOwn(url, cookie)
        : await this.#loadOther(url, { ...init, cookie })
    this.#keep(url.host, shown.headers.getSetCookie())
    return shown
  }

  async #loadOwn(url: URL, cookie: string): Promise<Shown> {
    const answer = await this.#place.get(url.pathname + url.search, {
      token: null,
      headers: { host: this.#host, accept: 'text/html', cookie },
    })
    const headers = new Headers()
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const one of [value ?? []].flat()) headers.append(name, one)
    }
    return { url: url.href, status: answer.status, headers, text: answer.text }
  }

  async #loadOther(
    url: URL,
    { cookie, ...init }: { cookie: string; method?: string; body?: URLSearchParams },
  ): Promise<Shown> {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { cookie, accept: 'text/html' },
    })
    return { url: url.href, status: response.status, headers: response.headers, text: await response.text() }
  }

  #keep(host: string, set: readonly string[]): void {
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    for (const line of set) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line) || value === '') jar.delete(name)
      else jar.set(name, value)
    }
  }
}
