import type { Followers } from './status.ts'

/** Milliseconds after which the connection that one had before it came back is silent for sure: who follows confirms every second. */
const SURE_AFTER = 3_000

interface Seen {
  /** How often replicas had begun to follow. */
  readonly attachments: number
  readonly at: number
}

/**
 * Which addresses several replicas have, and not one of them twice. When one of these is cut off, the other by that address says
 * nothing of it. As long as a link.
 */
export class Twins {
  readonly #seen = new Map<string, Seen>()

  /** Those of which it is certain by now. @param now milliseconds of a clock that only goes forward */
  see({ lively, attachments }: Followers, now = performance.now()): readonly string[] {
    const known = [...lively].filter((name) => this.#seen.get(name)?.attachments === attachments)
    for (const name of lively) if (!known.includes(name)) this.#seen.set(name, { attachments, at: now })
    return known.filter((name) => now - (this.#seen.get(name)?.at ?? now) >= SURE_AFTER)
  }
}
