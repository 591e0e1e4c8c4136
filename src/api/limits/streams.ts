import { WeftError } from '../../errors.ts'

/** Clients that may listen at once. Each costs a socket and a cursor. */
const MOST = 1_000
/** Of those, with one token: people with many pages open, and not one program that forgets to close. */
const MOST_OF_TOKEN = 50
/** And with the tokens of one project, which may make as many as it likes. */
const MOST_OF_PROJECT = 200

/** Who listens to live events. No one token and no one project can keep the others out. */
export class Streams {
  readonly #counts = new Map<string, number>()

  /** How many listen. */
  get size(): number {
    return this.#of('all')
  }

  /**
   * A place for one more, until it is disposed. Throws `too-many-requests` when the token or its project has its share, and
   * `unavailable` when there is none left for anybody.
   * @param project undefined: the token is of none
   */
  take(token: string, project: string | undefined): Disposable {
    if (this.#of(token) >= MOST_OF_TOKEN)
      throw tooMany(`${MOST_OF_TOKEN} clients listen with this token already.`)
    if (project && this.#of(project) >= MOST_OF_PROJECT)
      throw tooMany(`${MOST_OF_PROJECT} clients listen with tokens of this project already.`)
    if (this.size >= MOST)
      throw new WeftError('unavailable', `${MOST} clients listen already.`, {
        advice: 'Try again later, or at another controller.',
      })
    const keys = ['all', token, ...(project ? [project] : [])]
    for (const key of keys) this.#counts.set(key, this.#of(key) + 1)
    return { [Symbol.dispose]: () => this.#release(keys) }
  }

  #release(keys: readonly string[]): void {
    for (const key of keys) {
      const left = this.#of(key) - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
    }
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0
  }
}

function tooMany(message: string): WeftError {
  return new WeftError('too-many-requests', message, {
    advice: 'Close some, or let one client listen for all: a stream without ?network= tells of everything.',
  })
}
