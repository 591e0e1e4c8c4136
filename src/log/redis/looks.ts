import { type Look, lookAtReplica, type Wanted } from './check.ts'
import type { Members } from './members.ts'
import { sharedAddress } from './standstill.ts'
import { canBeReached, type Followers, isOnline, type ServerStatus } from './status.ts'
import { Twins } from './twins.ts'

export interface LooksTools extends Wanted {
  readonly members: Pick<Members, 'isBystander'>
}

interface Looked {
  readonly look: Look
  /** Whether it followed, and was not being given all there is. */
  readonly isOnline: boolean
  /** What the server had counted when it was looked at; undefined: it followed no more since. */
  readonly counted: Pick<Followers, 'attachments' | 'commands'> | undefined
}

/** The connection by which one follows, as it was said last. */
interface Line {
  readonly offset: number
  readonly at: number
}

/** Milliseconds by which what is said of its last word may be wrong: that is in whole seconds, and takes its time to come. */
const LAG_ERROR = 2_000

/** What those who follow one primary were seen to be, by asking each of them. As long as a link. */
export class Looks {
  readonly #tools: LooksTools
  readonly #looked = new Map<string, Looked>()
  readonly #lines = new Map<string, Line>()
  readonly #twins = new Twins()
  /** Who followed when that was asked last. */
  #before: Followers | undefined

  constructor(tools: LooksTools) {
    this.#tools = tools
  }

  /** The last look at a replica. */
  of(replica: string): Look | undefined {
    return this.#looked.get(replica)?.look
  }

  /** Those who follow and were seen to be of a kind, in the order of their names. */
  among({ replicas }: Pick<Followers, 'replicas'>, kind: Look['kind']): string[] {
    const seen = [...this.#looked].filter(([name, { look }]) => replicas.has(name) && look.kind === kind)
    return seen.map(([name]) => name).toSorted()
  }

  /** Looks at those who came since the last look. Gives groups of which each looks like one and is several (twins.ts). */
  async see(followers: Followers): Promise<readonly (readonly string[])[]> {
    for (const [replica, looked] of this.#looked)
      if (!followers.replicas.has(replica)) this.#lose(replica, looked)
    this.#keepThose(followers)
    const following = [...followers.replicas.keys()].filter(canBeReached)
    const fresh = following.filter((replica) => !this.#isKnown(replica, followers))
    await Promise.all(fresh.map((replica) => this.#lookAt(replica, followers)))
    for (const replica of following) this.#note(replica, followers)
    const twins = this.#twins.see(followers, (replica) => this.of(replica)?.runId)
    for (const names of twins) this.#distinguish(names, followers)
    return twins
  }

  /** Looks again at those who follow. One that does not answer is what it was. */
  async renew({ replicas, shared }: ServerStatus): Promise<void> {
    const looked = [...this.#looked].filter(([replica]) => replicas.has(replica) && !shared.has(replica))
    const again = ([replica, before]: (typeof looked)[number]) =>
      this.#lookAgain(replica, before, isOnline(replicas.get(replica)))
    await Promise.all(looked.map(again))
  }

  /** Whether nobody began to follow since it was looked at, and it did so already: what is given all there is follows later. */
  isSeen(replica: string, { replicas, attachments, commands }: Followers): boolean {
    const looked = this.#looked.get(replica)
    if (!looked?.counted || (isOnline(replicas.get(replica)) && !looked.isOnline)) return false
    return looked.counted.attachments === attachments && looked.counted.commands <= commands
  }

  isRight(replica: string): boolean {
    const kind = this.of(replica)?.kind
    return kind === 'right' || kind === 'bystander'
  }

  mayLead(replica: string): boolean {
    switch (this.of(replica)?.kind) {
      case 'bystander':
        return false
      case 'silent':
        return !this.#tools.members.isBystander(replica)
      default:
        return true
    }
  }

  /**
   * Where as many began to follow since the last time as there are names that nobody had then, all others follow by the connection
   * that they had: what they were seen to be counts on.
   */
  #keepThose(followers: Followers): void {
    const before = this.#before
    this.#before = followers
    if (!before || followers.commands < before.commands) return
    const [old, fresh] = [true, false].map((isOld) =>
      [...followers.replicas.keys()].filter((name) => before.replicas.has(name) === isOld),
    )
    if (followers.attachments - before.attachments !== fresh?.length) return
    for (const replica of old ?? []) {
      const looked = this.#looked.get(replica)
      if (!looked?.counted || !this.isSeen(replica, before)) continue
      // As many commands as then: others are under way that heard of fewer than this.
      const counted = { attachments: followers.attachments, commands: looked.counted.commands }
      this.#looked.set(replica, { ...looked, counted })
    }
  }

  #lose(replica: string, looked: Looked): void {
    this.#looked.set(replica, { ...looked, counted: undefined })
    this.#lines.delete(replica)
  }

  #note(replica: string, followers: Followers): void {
    const follower = followers.replicas.get(replica)
    const isOne = isOnline(follower) && !followers.shared.has(replica)
    if (follower && isOne && this.isSeen(replica, followers))
      this.#lines.set(replica, { offset: follower.offset, at: followers.at })
  }

  /**
   * Whether the connection by which one follows is surely the one that was there when it was seen last: it has said nothing
   * since a time before that. One that came since has.
   */
  #isSameLine(replica: string, { replicas, at }: Followers): boolean {
    const line = this.#lines.get(replica)
    const follower = replicas.get(replica)
    if (!line || !follower?.isOnline || follower.offset !== line.offset) return false
    return follower.lag * 1_000 >= at - line.at + LAG_ERROR
  }

  /** Who answers there may be either of them. */
  #distinguish(names: readonly string[], counted: Followers): void {
    const look: Look = { kind: 'shared', reason: sharedAddress(names) }
    for (const name of names) this.#looked.set(name, { look, isOnline: true, counted })
  }

  /** One that is not as it should be is looked at again and again; one that never answers, and need not, is not. */
  #isKnown(replica: string, followers: Followers): boolean {
    if (!this.isSeen(replica, followers)) return false
    if (followers.shared.has(replica)) return this.of(replica)?.kind === 'shared'
    return this.isRight(replica) || !this.mayLead(replica)
  }

  /** Of several by one address one alone answers: it is asked again when it is the only one, and follows. */
  async #lookAt(replica: string, followers: Followers): Promise<void> {
    const isFollowing = isOnline(followers.replicas.get(replica))
    const look: Look = followers.shared.has(replica)
      ? { kind: 'shared', reason: sharedAddress([replica]) }
      : // It may have been given everything anew since the last look, so what was known of its file says nothing.
        await lookAtReplica(this.#tools, replica, { isOnline: isFollowing, look: undefined })
    const before = this.of(replica)
    const isStillBystander =
      look.kind === 'silent' && before?.kind === 'bystander' && this.#isSameLine(replica, followers)
    this.#looked.set(replica, {
      look: isStillBystander ? before : look,
      isOnline: isFollowing,
      counted: followers,
    })
  }

  async #lookAgain(replica: string, before: Looked, isFollowing: boolean): Promise<void> {
    const look = await lookAtReplica(this.#tools, replica, { isOnline: isFollowing, look: before.look })
    const now = this.#looked.get(replica)
    // What the server had counted may be another number by now, and it the same.
    const isStillThat = now?.counted !== undefined && now.look === before.look
    if (isStillThat && look.kind !== 'silent') this.#looked.set(replica, { ...now, look })
  }
}
