import type { Message } from './message.ts'

/** Bytes of frames that one shelf keeps, about as many as may wait in one socket. The last is kept whatever its size. */
const LIMIT = 1_048_576

/** Frames that others may need as well: those that were used last, within a limit. */
export class Shelf {
  readonly #messages = new Map<string, Message>()
  #bytes = 0

  get(name: string): Message | undefined {
    const message = this.#messages.get(name)
    if (!message) return undefined
    this.#messages.delete(name)
    this.#messages.set(name, message)
    return message
  }

  /** Of a name that it does not have. */
  set(name: string, message: Message): void {
    this.#messages.set(name, message)
    this.#bytes += message.size
    for (const [each, { size }] of this.#messages) {
      if (this.#bytes <= LIMIT || each === name) return
      this.#messages.delete(each)
      this.#bytes -= size
    }
  }

  clear(): void {
    this.#messages.clear()
    this.#bytes = 0
  }
}
