import type { Followers } from './status.ts'

/** Milliseconds after which the connection that one had before it came back is silent for sure: who follows confirms every second. */
const SURE_AFTER = 3_000

interface Seen {
  /** How often replicas had begun to follow. */
  readonly attachments: number
  readonly at: number
}

/**
 * Which addresses one process answers at though several replicas follow by them, and not one of them twice. When one of these is
 * cut off, the one that answers says nothing of it. As long as a link.
 */
export class Twins {
  readonly #seen = new Map<string, Seen>()

  /**
   * Those of which it is certain by now, each with the others at which the same one answers.
   * @param runIdOf of the one that answers there, @param now milliseconds of a clock that only goes forward
   */
  see(
    followers: Followers,
    runIdOf: (replica: string) => string | undefined,
    now = performance.now(),
  ): readonly (readonly string[])[] {
    const { attachments } = followers
    return groupsIn(followers, runIdOf).filter((names) => {
      const key = names.join(' ')
      const seen = this.#seen.get(key)
      if (seen?.attachments === attachments) return now - seen.at >= SURE_AFTER
      this.#seen.set(key, { attachments, at: now })
      return false
    })
  }
}

function groupsIn({ replicas, lively }: Followers, runIdOf: (replica: string) => string | undefined) {
  const heard = [...replicas].filter(([, { isLively }]) => isLively).map(([name]) => name)
  const byProcess = Map.groupBy(heard, (name) => runIdOf(name))
  byProcess.delete(undefined)
  const answered = [...byProcess.values()].filter(({ length }) => length > 1).map((names) => names.toSorted())
  return [...[...lively].map((name) => [name]), ...answered]
}
