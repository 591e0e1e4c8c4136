import { Worker } from 'node:worker_threads'
import { BLANK_BYTES, type KeyBlank, unpackBlank } from '../keys/blank.ts'
import { KeyStock } from '../keys/stock.ts'
import type { PublicKey } from '../keys/wireguard.ts'

const THREAD = new URL('mint-thread.ts', import.meta.url)

/** Keys wanted within one turn of the event loop from which on a thread, which costs 10 MB and 50 ms once, is worth it. */
const MANY = 4
/** Keys made for one change before others have their turn: some 10 ms. */
const SLICE = 50

/** Keys in one answer, about: the first changes are decided while the keys for the next ones are made. */
const GROUP = 16

interface Wish {
  readonly recipients: readonly PublicKey[]
  readonly resolve: (blanks: readonly KeyBlank[]) => void
}

/**
 * Makes what takes long of member keys (three multiplications on the curve, a quarter of a millisecond) on another thread,
 * while this one serves agents. Nothing waits in store: keys are made when they are asked for, all of one turn together. A
 * few are not made here at all, but by who needs them.
 */
export class Mint implements Disposable {
  readonly #onFailure: (cause: unknown) => void
  readonly #program: URL
  #thread: Worker | undefined
  #isUsable = true
  #wishes: Wish[] = []
  /** What the thread was asked for; it answers in order. */
  #asked: (readonly Wish[])[] = []

  /** `onFailure` hears, once, when there is no thread any more: then keys are made where they are needed. */
  constructor(onFailure: (cause: unknown) => void, program = THREAD) {
    this.#onFailure = onFailure
    this.#program = program
  }

  /** Blanks for these owners. */
  async stock(recipients: readonly PublicKey[]): Promise<KeyStock> {
    const blanks: KeyBlank[] = []
    for (let at = 0; at < recipients.length; at += SLICE)
      blanks.push(...(await this.#wish(recipients.slice(at, at + SLICE))))
    return new KeyStock(blanks)
  }

  [Symbol.dispose](): void {
    this.#close()
  }

  #wish(recipients: readonly PublicKey[]): Promise<readonly KeyBlank[]> {
    return new Promise((resolve) => {
      this.#wishes.push({ recipients, resolve })
      if (this.#wishes.length === 1) setImmediate(() => this.#send())
    })
  }

  #send(): void {
    const wishes = this.#wishes
    this.#wishes = []
    const count = wishes.reduce((sum, { recipients }) => sum + recipients.length, 0)
    if (!this.#thread && count >= MANY && this.#isUsable) this.#thread = this.#start()
    if (!this.#thread) return grantNothing(wishes)
    this.#thread.ref()
    for (const group of groupsOf(wishes)) {
      this.#asked.push(group)
      this.#thread.postMessage(group.flatMap(({ recipients }) => recipients))
    }
  }

  #start(): Worker {
    const thread = new Worker(this.#program, { name: 'keys', execArgv: [], resourceLimits: LIMITS })
    thread.on('message', (bytes: Uint8Array) => this.#take(bytes))
    thread.on('error', (cause) => {
      this.#close()
      this.#onFailure(cause)
    })
    return thread
  }

  #take(bytes: Uint8Array): void {
    const wishes = this.#asked.shift() ?? []
    // The process may end while nothing is asked.
    if (this.#asked.length === 0) this.#thread?.unref()
    if (bytes.length === 0) return grantNothing(wishes)
    let from = 0
    for (const { recipients, resolve } of wishes) {
      const each = recipients.map((recipient, at) => unpackBlank(blankAt(bytes, from + at), recipient))
      from += recipients.length
      resolve(each)
    }
  }

  #close(): void {
    this.#isUsable = false
    void this.#thread?.terminate()
    this.#thread = undefined
    grantNothing(this.#asked.flat())
    this.#asked = []
  }
}

/** In MB; it holds next to nothing. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 }

function groupsOf(wishes: readonly Wish[]): Wish[][] {
  const groups: Wish[][] = []
  let size = GROUP
  for (const wish of wishes) {
    if (size >= GROUP) {
      groups.push([])
      size = 0
    }
    groups.at(-1)?.push(wish)
    size += wish.recipients.length
  }
  return groups
}

function blankAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(at * BLANK_BYTES, (at + 1) * BLANK_BYTES)
}

function grantNothing(wishes: readonly Wish[]): void {
  for (const { resolve } of wishes) resolve([])
}
