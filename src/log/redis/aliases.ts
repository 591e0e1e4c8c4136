import type { Site } from './address.ts'
import { parseAddress } from './check.ts'
import { connectTo } from './client.ts'
import { canBeReached, type Followers, runIdIn } from './status.ts'

/** In ms; one that does not answer is not known to be another. */
const LIMITS = { connectTimeout: 500, commandTimeout: 500 }

interface Alias {
  /** What the primary calls it; undefined: it is the primary itself. */
  readonly follower: string | undefined
  /** How often replicas had begun to follow by then: later another may be called that. */
  readonly attachments: number
}

/**
 * Replicas of whom Sentinels or nodes of a Cluster speak by another name than the primary: they use host names, or announce
 * other addresses than those from which they connect. It is the same one if the same process answers at both.
 */
export class Aliases {
  readonly #site: Site
  readonly #known = new Map<string, Alias>()
  /** Run id of the primary. */
  #self: string | undefined

  constructor(site: Site) {
    this.#site = site
  }

  /** As the primary calls it, if that is known to be another name; none if it is the primary itself. */
  resolve(name: string): readonly string[] {
    const alias = this.#known.get(name)
    if (!alias) return [name]
    return alias.follower === undefined ? [] : [alias.follower]
  }

  /** Whether nobody began to follow since they were asked. */
  isCurrent(attachments: number): boolean {
    return [...this.#known.values()].every((alias) => alias.attachments === attachments)
  }

  /** Asks those of whom is spoken, and those that follow, who they are. @param self the run id of the primary */
  async learn(names: readonly string[], followers: Followers, self: string): Promise<void> {
    this.#self = self
    const [asked, following] = await Promise.all([
      this.#runIds(names),
      this.#runIds([...followers.replicas.keys()]),
    ])
    for (const name of names) {
      const id = asked.get(name)
      const [follower] = [...following].find(([, one]) => one === id) ?? []
      const isKnown = id !== undefined && (id === self || follower !== undefined)
      const { attachments } = followers
      if (isKnown) this.#known.set(name, { follower: id === self ? undefined : follower, attachments })
      else this.#known.delete(name)
    }
  }

  /** Asks again, after somebody began to follow. */
  async renew(followers: Followers): Promise<void> {
    const names = [...this.#known.keys()]
    if (this.#self !== undefined && !this.isCurrent(followers.attachments))
      await this.learn(names, followers, this.#self)
  }

  async #runIds(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const asked = names
      .filter(canBeReached)
      .map(async (name) => [name, await runIdAt(this.#site, name)] as const)
    const ids = await Promise.all(asked)
    return new Map(ids.flatMap(([name, id]) => (id === undefined ? [] : [[name, id] as const])))
  }
}

/** Names the process that answers at an address; undefined when none does. */
export async function runIdAt(site: Site, place: string): Promise<string | undefined> {
  const client = await connectTo(parseAddress(place), site.access, LIMITS).catch(() => undefined)
  const info = await client?.info('server').catch(() => '')
  client?.disconnect()
  return (info && runIdIn(info)) || undefined
}
