import type { Glance, Tunnel } from './tunnel.ts'

/** Plans that follow one another closely for longer have to wait for one look. */
const ASK_TRIES = 4

/**
 * What is done to one interface. Changes go one after the other. Looks go one after the other as well, and beside the
 * changes, for reading an interface of thousands of peers takes longer than changing one of them.
 */
export class Work {
  readonly #tunnel: () => Tunnel | undefined
  #changes: Promise<void> = Promise.resolve()
  #looks: Promise<void> = Promise.resolve()

  /** @param tunnel the interface, while there is one to be looked at */
  constructor(tunnel: () => Tunnel | undefined) {
    this.#tunnel = tunnel
  }

  /** Resolves when all changes of now are made. */
  get done(): Promise<void> {
    return this.#changes
  }

  change(action: () => Promise<void>): Promise<void> {
    this.#changes = this.#changes.then(action)
    return this.#changes
  }

  /** Asks the interface beside the changes, and does what follows from the answer between them. */
  look<Answer extends Glance>(
    ask: (tunnel: Tunnel) => Promise<Answer>,
    follow: (answer: Answer | undefined) => Promise<void>,
  ): Promise<void> {
    this.#looks = this.#looks.then(async () => {
      const answer = await this.#ask(ask)
      await this.change(() => follow(answer))
    })
    return this.#looks
  }

  /** What the device answers; asked again where a change came in between, or undefined if that goes on, or it cannot say. */
  async #ask<Answer extends Glance>(ask: (tunnel: Tunnel) => Promise<Answer>): Promise<Answer | undefined> {
    for (let tries = 0; tries < ASK_TRIES; tries++) {
      await this.#changes
      const tunnel = this.#tunnel()
      if (!tunnel) return undefined
      // Whoever needs the answer asks once more, and sees why there is none.
      const answer = await ask(tunnel).catch(() => undefined)
      if (!answer || tunnel.isOfNow(answer)) return answer
    }
    return undefined
  }
}
