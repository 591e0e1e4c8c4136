import type { Look } from '../log.ts'
import type { Found, Link } from './link.ts'
import type { Reader } from './reader.ts'

/** Operations that may be asked about and not done yet. */
const FRESH_LIMIT = 4_096

interface Question {
  readonly operation: string
  readonly answer: PromiseWithResolvers<Found>
}

/** Which operations were done before: the server is asked, about all that come while a question is under way at once. */
export class Recall {
  readonly #link: () => Link
  readonly #reader: Reader
  /** Operations of which the server said a moment ago that they were not done; if one was since, the journal has it. */
  readonly #fresh = new Set<string>()
  /** Answered in the order in which they were asked, for what is appended then stands on each other. */
  #gathered: Question[] = []
  #isUnderWay = false
  #asking = 0

  constructor(link: () => Link, reader: Reader) {
    this.#link = link
    this.#reader = reader
  }

  /** Whether a question is open; the appends of those that ask came before the end. */
  get isBusy(): boolean {
    return this.#asking > 0
  }

  /** What is known of an operation. One that was not done is to come: the next to ask about it need not ask again. */
  async look(operation: string): Promise<Look> {
    const known = await this.ask(operation)
    if (known.entry) return known
    this.#fresh.add(operation)
    for (const old of this.#fresh) if (this.#fresh.size > FRESH_LIMIT) this.#fresh.delete(old)
    return known
  }

  /** Whether it was asked a moment ago, and not done then; answers so once. */
  wasAsked(operation: string): boolean {
    return this.#fresh.delete(operation)
  }

  async ask(operation: string): Promise<Look> {
    this.#asking++
    try {
      const { sequence, refusal } = await this.#found(operation)
      return { entry: sequence === undefined ? undefined : await this.#reader.entry(sequence), refusal }
    } finally {
      this.#asking--
    }
  }

  #found(operation: string): Promise<Found> {
    const answer = Promise.withResolvers<Found>()
    this.#gathered.push({ operation, answer })
    if (!this.#isUnderWay) void this.#send()
    return answer.promise
  }

  /** Sends what was gathered; what comes meanwhile goes together when the answer is there. */
  async #send(): Promise<void> {
    this.#isUnderWay = true
    while (this.#gathered.length > 0) {
      const questions = this.#gathered
      this.#gathered = []
      try {
        const found = await this.#link().find(questions.map(({ operation }) => operation))
        for (const [at, { answer }] of questions.entries())
          answer.resolve(found[at] ?? { sequence: undefined, refusal: '' })
      } catch (error) {
        for (const { answer } of questions) answer.reject(error)
      }
    }
    this.#isUnderWay = false
  }
}
