import { addressText } from './address.ts'
import { isMajority, type Place, type Voice } from './place.ts'

/**
 * Milliseconds for which all that is heard has to agree that a replica is none any more. Sentinels that were told to forget
 * the dead ones forget all, and know those that follow again after two to eight seconds: meanwhile the primary knows them.
 */
export const FORGET_AFTER = 5_000
/** Milliseconds for which it counts that a replica is never promoted, when nobody says so any more. */
const WORD_LIFE = 10_000

export interface MembersOptions {
  /**
   * Whether the primary of before may be promoted again before it follows the one there is: Sentinel does that, a Cluster
   * never (cluster-replica-validity-factor).
   */
  readonly isOldOneElected?: boolean
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
}

/**
 * The replicas that may be promoted, as far as anybody said so: those who decide it, and the primary, whom they follow. One
 * that was said once stays until it follows no more and all agree for a while; a silence changes nothing. Outlives links.
 */
export class Members {
  readonly #now: () => number
  readonly #isOldOneElected: boolean
  #primary: string | undefined
  /**
   * Those that stay, though they follow no more and nobody speaks of them, with the run id by which each answered when it
   * followed; undefined: it never did.
   */
  readonly #kept = new Map<string, string | undefined>()
  /** Since when nobody speaks of it any more. */
  readonly #silentSince = new Map<string, number | undefined>()
  #said: ReadonlySet<string> = new Set()
  #bystanders: ReadonlySet<string> = new Set()
  #heardAt = Number.NEGATIVE_INFINITY
  /** Of those who decide it: who has spoken of the replicas of this primary once, by its id; by which names; and who has not. */
  readonly #heard = new Map<string, Voice>()
  readonly #answered = new Set<string>()
  #unheard: readonly string[] = []
  #voices = 0
  /** Of a Cluster: those that run, and what each said last, by id; a silence changes nothing of it. */
  #nodes: Place['nodes'] = []
  readonly #roams = new Map<string, boolean>()
  /** Whether more than half of all were heard since this is the primary. */
  #isHeard = false

  constructor({ isOldOneElected = true, now = () => performance.now() }: MembersOptions = {}) {
    this.#now = now
    this.#isOldOneElected = isOldOneElected
  }

  get all(): readonly string[] {
    return [...this.#silentSince.keys()].toSorted()
  }

  /**
   * Those who decide it and have not been heard, while they are half of them or more: what the others say may be all that
   * they have learnt since they were made anew. Empty once enough were heard: then there may be too many here, never too few.
   */
  get awaited(): readonly string[] {
    return this.#isHeard ? [] : this.#unheard
  }

  /** How many of those who decide it can be asked at all, where these are not more than half of them. */
  get fewNamed(): { readonly named: number; readonly all: number } | undefined {
    const named = this.#heard.size + this.#unheard.length
    return this.#isHeard || named * 2 > this.#voices ? undefined : { named, all: this.#voices }
  }

  /** Nodes that may come to be replicas by themselves, as they said last. */
  get roaming(): readonly string[] {
    return this.#nodesThatSaid(true)
  }

  /** Those that have never said whether they may. */
  get unsettled(): readonly string[] {
    return this.#nodesThatSaid(undefined)
  }

  /** Whether those who decide it spoke of this one when they were last heard. */
  isSaid(replica: string): boolean {
    return this.#said.has(replica) || this.#bystanders.has(replica)
  }

  /** Whether those who decide it said a moment ago that this one is never promoted. */
  isBystander(replica: string): boolean {
    return this.#bystanders.has(replica) && this.#now() - this.#heardAt < WORD_LIFE
  }

  /** What those say who decide who is promoted. */
  hear(place: Place): void {
    const { primary, promotable, bystanders, heard, unheard, voices } = place
    this.#moveTo(addressText(primary))
    for (const one of heard) this.#heard.set(one.id, one)
    for (const { name } of heard) this.#answered.add(name)
    this.#unheard = unheard.filter((one) => !this.#answered.has(one))
    this.#voices = voices
    this.#nodes = place.nodes
    for (const { id, isRoaming } of place.nodes) if (isRoaming !== undefined) this.#roams.set(id, isRoaming)
    this.#isHeard ||= isMajority({ heard: [...this.#heard.values()], unheard: this.#unheard, voices })
    this.#said = new Set(promotable)
    this.#bystanders = new Set(bystanders)
    this.#heardAt = this.#now()
    this.#add(promotable)
    if (isMajority(place)) this.#forget(this.#said)
  }

  /** What the primary says: these follow it, and may be promoted. */
  see(replicas: readonly string[]): void {
    this.#add(replicas)
  }

  /**
   * Where nobody decides who is promoted, nobody says that one is none any more, either: only it does, by itself.
   * @param runId by which it answered; undefined: it did not
   */
  keep(replica: string, runId: string | undefined): void {
    this.#kept.set(replica, runId ?? this.#kept.get(replica))
    this.#silentSince.set(replica, undefined)
  }

  /** Whether one that stays was never asked. */
  isUnasked(replica: string): boolean {
    return this.#kept.has(replica) && this.#kept.get(replica) === undefined
  }

  /** This one said itself that it is never promoted. */
  dismiss(replica: string): void {
    this.#kept.delete(replica)
    this.#silentSince.delete(replica)
  }

  /** So did the one of this run id, or it is the primary by now, whatever it was called. */
  dismissProcess(runId: string): void {
    for (const [replica, one] of this.#kept) if (one === runId) this.dismiss(replica)
  }

  /**
   * The one that is promoted is no replica any more, and the primary of before is one; who was none before is of other
   * servers, with replicas of their own. What was said about another primary says nothing of this one: replicas may have
   * come while nobody looked.
   */
  #moveTo(primary: string): void {
    const before = this.#primary
    if (before === primary) return
    this.#heard.clear()
    this.#answered.clear()
    this.#isHeard = false
    const isKnown = this.#silentSince.delete(primary)
    if (!isKnown) this.#silentSince.clear()
    this.#primary = primary
    if (isKnown && before !== undefined && this.#isOldOneElected) this.#add([before])
  }

  #nodesThatSaid(wanted: boolean | undefined): readonly string[] {
    return this.#nodes.filter(({ id }) => this.#roams.get(id) === wanted).map(({ name }) => name)
  }

  #add(replicas: readonly string[]): void {
    for (const replica of replicas) if (replica !== this.#primary) this.#silentSince.set(replica, undefined)
  }

  #forget(said: ReadonlySet<string>): void {
    const now = this.#now()
    for (const [replica, since = now] of this.#silentSince) {
      if (said.has(replica) || this.#kept.has(replica)) continue
      if (now - since >= FORGET_AFTER) this.#silentSince.delete(replica)
      else this.#silentSince.set(replica, since)
    }
  }
}
