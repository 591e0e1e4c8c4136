/** Virtual time: it stands still while anybody has something to do, and then jumps to what is due next. */
export class VirtualTime {
  now = 0
  #due: { readonly at: number; readonly number: number; readonly action: () => void }[] = []
  #count = 0

  /** Does `action` in so many ms; what is due at the same moment, in the order in which it was asked for. */
  after(delay: number, action: () => void): void {
    this.#due.push({ at: this.now + delay, number: ++this.#count, action })
    this.#due.sort((a, b) => a.at - b.at || a.number - b.number)
  }

  sleep(delay: number): Promise<void> {
    return new Promise((resolve) => this.after(delay, resolve))
  }

  /** Runs until `work` is done. Rejects as it does, when there is nothing left to wait for, or after `limit` ms of this time. */
  async run(work: Promise<unknown>, limit: number): Promise<void> {
    let isOver = false
    const over = () => {
      isOver = true
    }
    work.then(over, over)
    for (;;) {
      // All that promises still have to do comes before it.
      await new Promise((resolve) => setImmediate(resolve))
      if (isOver) return void (await work)
      const next = this.#due.shift()
      if (!next) throw new Error(`nothing happens any more at ${this.now} ms`)
      if (next.at > limit) throw new Error(`it is not over after ${limit} ms`)
      this.now = next.at
      next.action()
    }
  }
}
