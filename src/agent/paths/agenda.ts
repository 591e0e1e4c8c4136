interface Entry<Item> {
  readonly at: number
  readonly item: Item
}

/** Who is to be looked at when: a binary heap in which the last date of each item counts and older ones are passed over. */
export class Agenda<Item> {
  readonly #heap: Entry<Item>[] = []
  readonly #dates = new Map<Item, number>()

  /** Gives `item` this date in place of the one it had; `Infinity` takes it off. */
  put(item: Item, at: number): void {
    if (this.#dates.get(item) === at) return
    this.#dates.delete(item)
    if (at === Number.POSITIVE_INFINITY) return
    this.#dates.set(item, at)
    this.#heap.push({ at, item })
    this.#rise(this.#heap.length - 1)
  }

  /** Takes off and returns all items whose date has come. */
  take(now: number): Item[] {
    const due: Item[] = []
    for (let first = this.#first(); first && first.at <= now; first = this.#first()) {
      this.#dates.delete(first.item)
      due.push(first.item)
    }
    return due
  }

  /** The earliest date; `Infinity` when there is none. */
  next(): number {
    return this.#first()?.at ?? Number.POSITIVE_INFINITY
  }

  /** The first entry that still counts; those before it are dropped. */
  #first(): Entry<Item> | undefined {
    let first = this.#heap[0]
    while (first && this.#dates.get(first.item) !== first.at) {
      this.#drop()
      first = this.#heap[0]
    }
    return first
  }

  #drop(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink()
  }

  #rise(from: number): void {
    let at = from
    while (at > 0 && this.#isBefore(at, (at - 1) >> 1)) at = this.#swap(at, (at - 1) >> 1)
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const least = this.#isBefore(right, left) ? right : left
      if (!this.#isBefore(least, at)) return
      at = this.#swap(at, least)
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]]
    return x !== undefined && (y === undefined || x.at < y.at)
  }

  #swap(from: number, to: number): number {
    const [x, y] = [this.#heap[from], this.#heap[to]]
    if (x && y) {
      this.#heap[from] = y
      this.#heap[to] = x
    }
    return to
  }
}
