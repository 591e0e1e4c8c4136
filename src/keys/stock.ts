import { forgetBlank, type IssuedKey, issueFrom, issueKey, type KeyBlank } from './blank.ts'
import type { PublicKey } from './wireguard.ts'

/** The blanks that were made ahead for one change. What is left of them at its end is forgotten. */
export class KeyStock implements Disposable {
  readonly #blanks = new Map<PublicKey, KeyBlank[]>()
  readonly #issued = new Map<string, IssuedKey>()

  constructor(blanks: readonly KeyBlank[] = []) {
    for (const blank of blanks) {
      const { recipient } = blank.box
      const known = this.#blanks.get(recipient)
      if (known) known.push(blank)
      else this.#blanks.set(recipient, [blank])
    }
  }

  /** A key out of a blank, or made now when there is none. For one place it is the same again: changes are decided anew. */
  issue(recipient: PublicKey, place: string): IssuedKey {
    const known = this.#issued.get(place)
    if (known) return known
    const blank = this.#blanks.get(recipient)?.pop()
    const key = blank ? issueFrom(blank, place) : issueKey(recipient, place)
    this.#issued.set(place, key)
    return key
  }

  [Symbol.dispose](): void {
    for (const blank of [...this.#blanks.values()].flat()) forgetBlank(blank)
    this.#blanks.clear()
  }
}
