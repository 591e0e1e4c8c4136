import { setTimeout as wait } from 'node:timers/promises'
import type { WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import { Aliases } from './aliases.ts'
import { type Barrier, reachOf } from './barrier.ts'
import { answeredByOther, type Level, type Look, lookAtPrimary, lookAtReplica } from './check.ts'
import { countsIn } from './file.ts'
import type { Members } from './members.ts'
import { shared } from './shared.ts'
import {
  cannotBeAsked,
  fewNamed,
  mayBePromoted,
  missing,
  neverAsked,
  nobodyKnown,
  noneAttached,
  roaming,
  sharedAddress,
  unheard,
  unsettled,
} from './standstill.ts'
import { canBeReached, type Follower, type Followers, type ServerStatus, toFollowers } from './status.ts'
import { Twins } from './twins.ts'

export interface CircleTools {
  readonly site: Site
  readonly primary: Address
  readonly level: Level
  readonly members: Members
  /** Lives in which the file of a primary was seen to stand, by `host:port`; this outlives links. */
  readonly lives: Map<string, string>
}

/** Milliseconds between two looks at those that are a little behind the others. */
const BEHIND_WAIT = 10

interface Looked {
  readonly look: Look
  /** Whether it followed, and was not being given all there is. */
  readonly isOnline: boolean
  /** What the server had counted when it was looked at; undefined: it followed no more since. */
  readonly counted: Pick<Followers, 'attachments' | 'commands'> | undefined
}

/** Those around one primary: who has to have a change, and whose word counts. As long as a link. */
export class Circle {
  readonly #tools: CircleTools
  readonly #looked = new Map<string, Looked>()
  readonly #aliases: Aliases
  readonly #twins = new Twins()
  /** What is wrong with the primary. */
  #harm: WeftError | undefined

  constructor(tools: CircleTools) {
    this.#tools = tools
    this.#aliases = new Aliases(tools.site)
  }

  get level(): Level {
    return this.#tools.level
  }

  /** What has to have a change. */
  get barrier(): Barrier {
    if (this.#tools.level === 'available') return { replicas: 1 }
    return { replicas: this.#isAlone ? 0 : this.#wanted }
  }

  /** By the names that the primary has for them. */
  get #wanted(): readonly string[] {
    return [...new Set(this.#tools.members.all.flatMap((replica) => this.#aliases.resolve(replica)))]
  }

  /**
   * Takes notice of who follows. Those who came since the last look are looked at before their word counts, and each of them
   * may be promoted, whatever Sentinels know by now, unless it is known never to be.
   */
  async see(followers: Followers): Promise<void> {
    if (this.#tools.level === 'available') return
    await this.#aliases.renew(followers)
    const following = [...followers.replicas.keys()].filter(canBeReached)
    for (const [replica, looked] of this.#looked)
      if (!followers.replicas.has(replica)) this.#looked.set(replica, { ...looked, counted: undefined })
    const fresh = following.filter((replica) => !this.#isKnown(replica, followers))
    await Promise.all(fresh.map((replica) => this.#lookAt(replica, followers)))
    const twins = this.#twins.see(followers, (replica) => this.#looked.get(replica)?.look.runId)
    for (const names of twins) this.#distinguish(names, followers)
    const { site, members } = this.#tools
    members.see(following.filter((replica) => this.#mayLead(replica)))
    if (site.kind !== 'single') return
    for (const replica of following) this.#believe(replica)
    for (const names of twins) members.keep(`another at ${names.join(' or ')}`, undefined)
  }

  /** Who answers there may be either of them. */
  #distinguish(names: readonly string[], counted: Followers): void {
    const look: Look = { kind: 'shared', reason: sharedAddress(names) }
    for (const name of names) this.#looked.set(name, { look, isOnline: true, counted })
  }

  /** There each says itself what it is. Where nothing ever answered, nothing is there when it follows no more. */
  #believe(replica: string): void {
    const { members } = this.#tools
    const { kind, runId } = this.#looked.get(replica)?.look ?? {}
    if (kind !== 'bystander' && kind !== 'silent') return members.keep(replica, runId)
    if (kind !== 'bystander') return
    members.dismiss(replica)
    if (runId !== undefined) members.dismissProcess(runId)
  }

  /** How the primary was last seen to be set right, with a file, as SEEN takes it; empty: that does not matter. */
  get seen(): string {
    const { level, primary, lives } = this.#tools
    const life = lives.get(addressText(primary))
    if (level === 'available') return ''
    return life === undefined ? 'never' : countsIn(life)
  }

  /** What is wrong with the primary, as of the last look. */
  get harm(): WeftError | undefined {
    return this.#harm
  }

  /** Looks at the primary again, for all who ask while one is under way. */
  readonly lookAgain = shared(async () => void (await this.lookAtPrimary()))

  /** Looks at the settings of the primary, and whether what it writes is on its disk. */
  async lookAtPrimary(): Promise<Look> {
    const { primary, lives } = this.#tools
    const name = addressText(primary)
    const look = await lookAtPrimary(this.#tools, primary, lives.get(name))
    if (look.kind === 'right' && look.life !== undefined) lives.set(name, look.life)
    if (look.kind !== 'silent') this.#harm = 'reason' in look ? look.reason : undefined
    return look
  }

  /** Those of whom is spoken and who do not follow may be among those that do, by another name. */
  async identify(status: ServerStatus): Promise<void> {
    if (this.#tools.level === 'available' || this.#isAlone) return
    const absent = this.#wanted.filter((replica) => !status.replicas.has(replica))
    if (absent.length > 0) await this.#aliases.learn(absent, status, status.runId)
  }

  /**
   * One URL may lead to whoever is the primary, so the one that followed may be the server itself by now: it is if it has the
   * run id of that one. That the server answers at its address says nothing, for it may have done so all the while.
   */
  dismissItself({ runId }: ServerStatus): void {
    const { site, members } = this.#tools
    if (site.kind === 'single') members.dismissProcess(runId)
  }

  /**
   * Looks again at the settings of the primary and of those who follow: somebody may have changed them while they run. One
   * that does not answer is what it was.
   */
  async inspect(status: ServerStatus): Promise<void> {
    const { replicas, shared } = status
    const looked = [...this.#looked].filter(([replica]) => replicas.has(replica) && !shared.has(replica))
    await Promise.all([
      this.identify(status),
      this.lookAtPrimary(),
      ...looked.map(([replica, before]) => this.#lookAgain(replica, before, status)),
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
    const { level, primary } = this.#tools
    if (this.#harm) return this.#harm
    if (level === 'available') return [...replicas.values()].some(isOnline) ? undefined : noneAttached()
    const namesOf = (kind: Look['kind']) =>
      [...this.#looked]
        .filter(([name, { look }]) => replicas.has(name) && look.kind === kind)
        .map(([name]) => name)
    const shared = namesOf('shared')
    if (shared.length > 0) return sharedAddress(shared)
    // Who has to have a change is looked for by name, and the primary has it: so one that has its name is named here.
    const astray = namesOf('elsewhere').filter((name) => this.#isAlone || name === addressText(primary))
    if (astray.length > 0) return answeredByOther(astray)
    if (this.#isAlone) return this.#rivals(replicas)
    const wanted = this.#wanted
    const reasons = wanted.flatMap((replica) => {
      const look = replicas.has(replica) ? this.#looked.get(replica)?.look : undefined
      return look && 'reason' in look ? [look.reason] : []
    })
    const absent = wanted.filter((replica) => !isOnline(replicas.get(replica)))
    return (
      reasons.find(({ code }) => code === 'invalid-config') ??
      this.#doubt ??
      (absent.length > 0 ? missing(absent, this.#attachedAmong(replicas, absent)) : reasons[0])
    )
  }

  #attachedAmong(replicas: Followers['replicas'], absent: readonly string[]) {
    const { members } = this.#tools
    return {
      strangers: [...replicas.keys()].filter((replica) => canBeReached(replica) && !members.isSaid(replica)),
      filling: absent.filter((replica) => replicas.has(replica) && this.#mayLead(replica)),
    }
  }

  /** Where nobody has a change beside the primary, nobody may take its place either. */
  #rivals(replicas: Followers['replicas']): WeftError | undefined {
    const { level, members } = this.#tools
    const kindOf = (replica: string) => this.#looked.get(replica)?.look.kind
    // One that was silent for a moment counts for a while, though it has said since that it is never promoted.
    const rivals = members.all.filter((replica) => kindOf(replica) !== 'bystander')
    const unasked = rivals.filter((replica) => kindOf(replica) === 'silent' || members.isUnasked(replica))
    const known = rivals.filter((replica) => !unasked.includes(replica))
    if (known.length > 0) return mayBePromoted(level, known)
    const gone = unasked.filter((replica) => !replicas.has(replica) && members.isUnasked(replica))
    const here = unasked.filter((replica) => !gone.includes(replica))
    if (here.length > 0)
      return cannotBeAsked(
        here,
        here.some((replica) => members.isUnasked(replica)),
      )
    return gone.length > 0 ? neverAsked(gone) : undefined
  }

  /** Why it is not known who has to have a change. That nobody has to is never known: who was there may be away. */
  get #doubt(): WeftError | undefined {
    const { level, members } = this.#tools
    if (level === 'available' || this.#isAlone) return undefined
    if (members.roaming.length > 0) return roaming(members.roaming)
    if (members.fewNamed) return fewNamed(members.fewNamed)
    if (members.awaited.length > 0) return unheard(members.awaited)
    if (members.unsettled.length > 0) return unsettled(members.unsettled)
    return this.#wanted.length === 0 ? nobodyKnown() : undefined
  }

  /** Whether the primary alone makes a change safe, because nobody takes its place. */
  get #isAlone(): boolean {
    const { level, site } = this.#tools
    return level === 'restart-only' || (level === 'strict' && site.kind === 'single')
  }

  /** Whether all who follow were looked at since they came, and those who must have a change are set up right. */
  #vouchesFor(followers: Followers): boolean {
    const { replicas, attachments, shared } = followers
    const { replicas: wanted } = this.barrier
    if (typeof wanted === 'number') return true
    if (shared.size > 0 || !this.#aliases.isCurrent(attachments)) return false
    const isSeen = [...replicas.keys()].filter(canBeReached).every((replica) => {
      if (!this.#isSeen(replica, followers)) return false
      return wanted.includes(replica) || !this.#mayLead(replica)
    })
    return isSeen && wanted.every((replica) => this.#isRight(replica))
  }

  /** One that is not as it should be is looked at again and again; one that never answers, and need not, is not. */
  #isKnown(replica: string, followers: Followers): boolean {
    if (!this.#isSeen(replica, followers)) return false
    if (followers.shared.has(replica)) return this.#looked.get(replica)?.look.kind === 'shared'
    return this.#isRight(replica) || !this.#mayLead(replica)
  }

  /** Whether nobody began to follow since it was looked at, and it did so already: what is given all there is follows later. */
  #isSeen(replica: string, { replicas, attachments, commands }: Followers): boolean {
    const looked = this.#looked.get(replica)
    if (!looked?.counted || (isOnline(replicas.get(replica)) && !looked.isOnline)) return false
    return looked.counted.attachments === attachments && looked.counted.commands <= commands
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

  async #lookAgain(replica: string, before: Looked, { replicas }: Followers): Promise<void> {
    const known = { isOnline: isOnline(replicas.get(replica)), look: before.look }
    const look = await lookAtReplica(this.#tools, replica, known)
    const isStillThat = this.#looked.get(replica) === before
    if (isStillThat && look.kind !== 'silent') this.#looked.set(replica, { ...before, look })
  }

  /** Of several by one address one alone answers: it is asked again when it is the only one, and follows. */
  async #lookAt(replica: string, followers: Followers): Promise<void> {
    const isFollowing = isOnline(followers.replicas.get(replica))
    const look: Look = followers.shared.has(replica)
      ? { kind: 'shared', reason: sharedAddress([replica]) }
      : // It may have been given everything anew since the last look, so what was known of its file says nothing.
        await lookAtReplica(this.#tools, replica, { isOnline: isFollowing, look: undefined })
    this.#looked.set(replica, { look, isOnline: isFollowing, counted: followers })
  }
}

function isOnline(follower: Follower | undefined): boolean {
  return follower?.isOnline === true
}
