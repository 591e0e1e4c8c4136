import type { NodeId } from '../../keys/identity.ts'
import type { LanHint } from '../../protocol/frames.ts'
import type { Message } from '../push/message.ts'
import type { LanPlaces } from './lan-places.ts'

/** What is new, and the message that tells it to all whom it concerns alike, once there is one. */
export interface News {
  readonly hints: readonly LanHint[]
  message: Message | undefined
}

/** Hints that are kept to be told to the next who is at the same spot, with a frame for each lot: some 10 MB at most. */
const MOST_KEPT = 32_768

/** What is new on the LANs of one network since some number, worked out once for all who are where a viewer is and were where it was. */
export class LanNews {
  readonly #places: LanPlaces
  readonly #known = new Map<string, News>()
  #kept = 0

  constructor(places: LanPlaces) {
    this.#places = places
  }

  /** What is different for a viewer from how things were when the next touch would have had number `from`. */
  since(from: number, viewer: NodeId): News {
    const key = [from, this.#places.at(viewer, from).key, this.#places.at(viewer).key].join('\n')
    const known = this.#known.get(key)
    if (known) return known
    const news: News = {
      hints: this.#hintsSince(from, viewer),
      message: undefined,
    }
    this.#keep(key, news)
    return news
  }

  /** Something happened: it is not what is new any more. */
  forget(): void {
    this.#known.clear()
    this.#kept = 0
  }

  #hintsSince(from: number, viewer: NodeId): LanHint[] {
    const [was, is] = [this.#places.at(viewer, from), this.#places.at(viewer)]
    const lans = [...was.lans, ...is.lans]
    const isWide = was.key !== is.key || this.#places.isRenewed(from)
    const nodes = isWide ? this.#places.on(lans, from) : this.#places.movedOn(lans, from)
    return [...nodes].flatMap((node): LanHint[] => {
      const before = this.#places.told(node, was, from)
      const endpoints = this.#places.told(node, is)
      return before.join() === endpoints.join() ? [] : [{ node, endpoints: [...endpoints] }]
    })
  }

  #keep(key: string, news: News): void {
    if (this.#kept > MOST_KEPT) this.forget()
    this.#kept += 1 + news.hints.length
    this.#known.set(key, news)
  }
}
