import { setTimeout as wait } from 'node:timers/promises'
import { WeftError } from '../../errors.ts'
import type { Address, Site } from './address.ts'
import { type Barrier, reachOf } from './barrier.ts'
import { cannotBeAsked, type Level, type Look, lookAtPrimary, lookAtReplica, mayBePromoted } from './check.ts'
import type { Members } from './members.ts'
import { type Follower, type Followers, toFollowers } from './status.ts'

export interface CircleTools {
  readonly site: Site
  readonly primary: Address
  readonly level: Level
  readonly members: Members
}

/** Milliseconds between two looks at those that are a little behind the others. */
const BEHIND_WAIT = 10

interface Looked {
  readonly look: Look
  /** How often replicas had begun to follow when it was looked at. */
  readonly attachments: number
}

/** Those around one primary: who has to have a change, and whose word counts. As long as a link. */
export class Circle {
  readonly #tools: CircleTools
  readonly #looked = new Map<string, Looked>()
  /** What is wrong with the primary. */
  #harm: WeftError | undefined

  constructor(tools: CircleTools) {
    this.#tools = tools
  }

  get level(): Level {
    return this.#tools.level
  }

  /** What has to have a change. */
  get barrier(): Barrier {
    const { level, members } = this.#tools
    if (level === 'available') return { replicas: 1 }
    return { replicas: this.#isAlone ? 0 : members.all }
  }

  /**
   * Takes notice of who follows. Those who came since the last look are looked at before their word counts, and each of them
   * may be promoted, whatever Sentinels know by now, unless it is known never to be.
   */
  async see({ replicas, attachments }: Followers): Promise<void> {
    if (this.#tools.level === 'available') return
    const following = [...replicas.keys()].filter(canBeReached)
    const fresh = following.filter((replica) => !this.#isKnown(replica, attachments))
    await Promise.all(fresh.map((replica) => this.#lookAt(replica, attachments)))
    this.#tools.members.see(following.filter((replica) => this.#mayLead(replica)))
  }

  /**
   * Looks again at the settings of the primary and of those who follow: somebody may have changed them while they run. One
   * that does not answer is what it was.
   */
  async inspect({ replicas }: Followers): Promise<void> {
    const { site, level, primary } = this.#tools
    const looked = [...this.#looked].filter(([replica]) => replicas.has(replica))
    await Promise.all([
      lookAtPrimary(site, level, primary).then((look) => {
        if (look.kind !== 'silent') this.#harm = 'reason' in look ? look.reason : undefined
      }),
      ...looked.map(([replica, before]) => this.#lookAgain(replica, before)),
    ])
  }

  /**
   * Whether all that must have a change have it.
   * @param said around the wait; @param ask what is said then; @param until when it has to be known
   */
  async isReached(
    [first, waited, last]: readonly unknown[],
    ask: () => Promise<Followers>,
    until: number,
  ): Promise<boolean> {
    const before = toFollowers(String(first))
    let after = toFollowers(String(last))
    if (this.#doubt) return false
    for (;;) {
      const reach = reachOf(this.barrier, { before, waited: Number(waited), after })
      if (reach === 'missing') return false
      const isVouched = this.#vouchesFor(after)
      if (reach === 'all' && isVouched) return true
      if (performance.now() > until) return false
      if (isVouched) await wait(BEHIND_WAIT)
      else await this.see(after)
      if (!this.#vouchesFor(after)) return false
      after = await ask()
    }
  }

  /** Why no changes go with those who follow. */
  problem({ replicas }: Followers): WeftError | undefined {
    const { level, members } = this.#tools
    if (this.#harm) return this.#harm
    if (level === 'available')
      return [...replicas.values()].some(isOnline) ? undefined : missing('one that is attached')
    const { all } = members
    if (this.#isAlone) return this.#rivals(all)
    const reasons = all.flatMap((replica) => {
      const look = replicas.has(replica) ? this.#looked.get(replica)?.look : undefined
      return look && 'reason' in look ? [look.reason] : []
    })
    const absent = all.filter((replica) => !isOnline(replicas.get(replica)))
    return (
      reasons.find(({ code }) => code === 'invalid-config') ??
      this.#doubt ??
      (absent.length > 0 ? missing(absent.join(', '), FORGETTING) : reasons[0])
    )
  }

  /** Where nobody has a change beside the primary, nobody may take its place either. */
  #rivals(all: readonly string[]): WeftError | undefined {
    const isSilent = (replica: string) => this.#looked.get(replica)?.look.kind === 'silent'
    const known = all.filter((replica) => !isSilent(replica))
    if (known.length > 0) return mayBePromoted(this.#tools.level, known)
    return all.length > 0 ? cannotBeAsked(all) : undefined
  }

  /** Why it is not known who has to have a change. That nobody has to is never known: who was there may be away. */
  get #doubt(): WeftError | undefined {
    const { level, members } = this.#tools
    if (level === 'available' || this.#isAlone) return undefined
    if (members.awaited.length > 0) return unheard(members.awaited)
    return members.all.length === 0 ? nobody() : undefined
  }

  /** Whether the primary alone makes a change safe, because nobody takes its place. */
  get #isAlone(): boolean {
    const { level, site } = this.#tools
    return level === 'restart-only' || (level === 'strict' && site.kind === 'single')
  }

  /** Whether all who follow were looked at since they came, and those who must have a change are set up right. */
  #vouchesFor({ replicas, attachments }: Followers): boolean {
    const { replicas: wanted } = this.barrier
    if (typeof wanted === 'number') return true
    const isSeen = [...replicas.keys()].filter(canBeReached).every((replica) => {
      if (this.#looked.get(replica)?.attachments !== attachments) return false
      return wanted.includes(replica) || !this.#mayLead(replica)
    })
    return isSeen && wanted.every((replica) => this.#isRight(replica))
  }

  /** One that is not as it should be is looked at again and again; one that never answers, and need not, is not. */
  #isKnown(replica: string, attachments: number): boolean {
    const looked = this.#looked.get(replica)
    if (looked?.attachments !== attachments) return false
    return this.#isRight(replica) || !this.#mayLead(replica)
  }

  #isRight(replica: string): boolean {
    const kind = this.#looked.get(replica)?.look.kind
    return kind === 'right' || kind === 'bystander'
  }

  #mayLead(replica: string): boolean {
    switch (this.#looked.get(replica)?.look.kind) {
      case 'bystander':
        return false
      case 'silent':
        return !this.#tools.members.isBystander(replica)
      default:
        return true
    }
  }

  async #lookAgain(replica: string, before: Looked): Promise<void> {
    const { site, level } = this.#tools
    const look = await lookAtReplica(site, level, replica)
    const isStillThat = this.#looked.get(replica) === before
    if (isStillThat && look.kind !== 'silent') this.#looked.set(replica, { ...before, look })
  }

  async #lookAt(replica: string, attachments: number): Promise<void> {
    const { site, level } = this.#tools
    this.#looked.set(replica, { look: await lookAtReplica(site, level, replica), attachments })
  }
}

/** One that only takes a copy listens nowhere. */
function canBeReached(replica: string): boolean {
  return !replica.endsWith(':0')
}

function isOnline(follower: Follower | undefined): boolean {
  return follower?.isOnline === true
}

const FORGETTING =
  'If it never will be, let one Sentinel after the other forget it (SENTINEL RESET), the next one only when the one before names the right num-slaves again; in a Cluster CLUSTER FORGET at every node.'

function missing(what: string, more = ''): WeftError {
  return new WeftError('store-unavailable', `A Redis replica is missing: ${what}.`, {
    advice: `Changes go again when it is back. ${more}`.trim(),
  })
}

function unheard(servers: readonly string[]): WeftError {
  const message = `Who may be promoted is not known: there is no word yet from ${servers.join(', ')}.`
  return new WeftError('store-unavailable', message, {
    advice:
      "At 'strict' more than half of the Sentinels or nodes in redisUrls have to be heard once. Look whether these run, know this primary, and can be reached from here.",
  })
}

function nobody(): WeftError {
  return new WeftError('store-unavailable', 'No Redis replica is known that may be promoted.', {
    advice:
      "At 'strict' changes have to be on one besides the primary: let one follow it. A server that is to have none is for the level 'restart-only'.",
  })
}
