import { setTimeout as wait } from 'node:timers/promises'
import type { WeftError } from '../../errors.ts'
import { type Address, addressText, type Site } from './address.ts'
import { Aliases } from './aliases.ts'
import { type Barrier, reachOf } from './barrier.ts'
import { answeredByOther, type Level, type Look, lookAtPrimary } from './check.ts'
import type { Life } from './file.ts'
import { Looks } from './looks.ts'
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
import { canBeReached, type Followers, isOnline, type ServerStatus, toFollowers } from './status.ts'

export interface CircleTools {
  readonly site: Site
  readonly primary: Address
  readonly level: Level
  readonly members: Members
  /** Lives in which the file of a primary was seen to stand, by `host:port`; this outlives links. */
  readonly lives: Map<string, Life>
}

/** Milliseconds between two looks at those that are a little behind the others. */
const BEHIND_WAIT = 10

/** Those around one primary: who has to have a change, and whose word counts. As long as a link. */
export class Circle {
  readonly #tools: CircleTools
  readonly #looks: Looks
  readonly #aliases: Aliases
  /** What is wrong with the primary. */
  #harm: WeftError | undefined
  /** Why the last look at it came to nothing. */
  #silence: WeftError | undefined

  constructor(tools: CircleTools) {
    this.#tools = tools
    this.#looks = new Looks(tools)
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
    const twins = await this.#looks.see(followers)
    const { site, members } = this.#tools
    const following = [...followers.replicas.keys()].filter(canBeReached)
    members.see(following.filter((replica) => this.#looks.mayLead(replica)))
    if (site.kind !== 'single') return
    for (const replica of following) this.#believe(replica)
    for (const names of twins) members.keep(`another at ${names.join(' or ')}`, undefined)
  }

  /** There each says itself what it is. Where nothing ever answered, nothing is there when it follows no more. */
  #believe(replica: string): void {
    const { members } = this.#tools
    const { kind, runId } = this.#looks.of(replica) ?? {}
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
    return life?.counts ?? 'never'
  }

  /** What is wrong with the primary, as of the last look. */
  get harm(): WeftError | undefined {
    return this.#harm
  }

  /** Why nobody knows by now whether something is wrong with the primary: it did not answer the last look. */
  get silence(): WeftError | undefined {
    return this.#silence
  }

  /** Looks at the primary again, for all who ask while one is under way. */
  readonly lookAgain = shared(async () => void (await this.lookAtPrimary()))

  /** Looks at the settings of the primary, and whether what it writes is on its disk. */
  async lookAtPrimary(): Promise<Look> {
    const { primary, lives } = this.#tools
    const name = addressText(primary)
    const look = await lookAtPrimary(this.#tools, primary, lives.get(name))
    if (look.kind === 'right' && look.life !== undefined) lives.set(name, look.life)
    const reason = 'reason' in look ? look.reason : undefined
    this.#silence = look.kind === 'silent' ? reason : undefined
    if (look.kind !== 'silent') this.#harm = reason
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
    await Promise.all([this.identify(status), this.lookAtPrimary(), this.#looks.renew(status)])
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
      if (!isVouched) await this.see(after)
      // Whether they were seen is for the next turn: who looks beside this may have heard of more, and looked for that.
      if (!this.#areRight) return false
      await wait(BEHIND_WAIT)
      after = await ask()
    }
  }

  /** Why no changes go with those who follow. */
  problem(followers: Followers): WeftError | undefined {
    const { replicas } = followers
    const { level, primary } = this.#tools
    if (this.#harm) return this.#harm
    if (level === 'available') return [...replicas.values()].some(isOnline) ? undefined : noneAttached()
    const shared = this.#looks.among(followers, 'shared')
    if (shared.length > 0) return sharedAddress(shared)
    // Who has to have a change is looked for by name, and the primary has it: so one that has its name is named here.
    const astray = this.#looks
      .among(followers, 'elsewhere')
      .filter((name) => this.#isAlone || name === addressText(primary))
    if (astray.length > 0) return answeredByOther(astray)
    if (this.#isAlone) return this.#rivals(replicas)
    const wanted = this.#wanted
    const reasons = wanted.flatMap((replica) => {
      const look = replicas.has(replica) ? this.#looks.of(replica) : undefined
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
      filling: absent.filter((replica) => replicas.has(replica) && this.#looks.mayLead(replica)),
    }
  }

  /** Where nobody has a change beside the primary, nobody may take its place either. */
  #rivals(replicas: Followers['replicas']): WeftError | undefined {
    const { level, members } = this.#tools
    const kindOf = (replica: string) => this.#looks.of(replica)?.kind
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
      if (!this.#looks.isSeen(replica, followers)) return false
      return wanted.includes(replica) || !this.#looks.mayLead(replica)
    })
    return isSeen && this.#areRight
  }

  /** Whether those who must have a change are set up right, as far as they were seen. */
  get #areRight(): boolean {
    const { replicas: wanted } = this.barrier
    return typeof wanted === 'number' || wanted.every((replica) => this.#looks.isRight(replica))
  }
}
