import { setImmediate as breathe } from 'node:timers/promises'
import { WeftError } from '../../errors.ts'
import type { Entry, Log } from '../../log/log.ts'
import { earliestState } from '../../log/snapshot.ts'
import { applyEntry } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import { type NetworkId, type ProjectId, parseNetworkId } from '../../model/names.ts'
import { emptyState, type Network, type State } from '../../model/state.ts'
import { type EntryFilter, isWanted } from '../entry-filter.ts'
import { nameIn, OTHERS } from '../naming.ts'
import { eventOwners, ownersOf } from '../owners.ts'
import { describeEvent, networksOf } from './describe.ts'
import { entriesOf, firstAtOrAfter, gone, type Point, pointsAhead } from './points.ts'

/** One change, as people read it. */
export interface Change {
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly actor: string
  /** What the actor is called. */
  readonly actorName: string
  readonly networks: readonly NetworkId[]
  /** Types of the events, each once. */
  readonly actions: readonly Event['type'][]
  /** Each the end of a sentence that begins with the actor; the first SENTENCES of them. */
  readonly what: readonly string[]
  /** How many events it was in all. */
  readonly events: number
}

/** A change to one network. */
export interface NetworkChange extends Change {
  /** The revision of the network after it. */
  readonly revision: number
}

/** Which changes to a network are wanted, and how many of them. */
export interface ChangesQuery {
  readonly filter: EntryFilter
  readonly limit: number
  /** Whether the latest comes first. */
  readonly backwards: boolean
  /** The last entry that the page before looked at. */
  readonly after: number | undefined
}

export interface ChangesPage {
  readonly items: readonly NetworkChange[]
  /** The last entry that was looked at; undefined when there is nothing behind it. */
  readonly next: number | undefined
}

/** Sentences of one change; a bulk change has thousands. */
const SENTENCES = 20
/** Changes that are read at a time, and for one page: each may be a look-up in the log of its own. */
const CHUNK = 64
const MOST_LOOKED = 1_024
/** States that are kept to fold from. More entries lie between two of them as the log grows. */
const MOST_CHECKPOINTS = 64
const FIRST_SPACING = 256

/** From where somebody looks. */
interface Viewer {
  readonly project: ProjectId
  readonly caller: { readonly bound: boolean }
}

/**
 * The log as a time line: what changed in a network, and what it was at any revision. Read at the first question. Once
 * entries were dropped it begins with the older of the snapshots.
 */
export class History {
  readonly #log: Log
  readonly #current: () => State
  readonly #points = new Map<NetworkId, Point[]>()
  /** Of what is no more; the rest is called as it is called now. */
  readonly #formerNames = new Map<string, string>()
  /** Who saw what is no more. */
  readonly #formerOwners = new Map<string, ReadonlySet<ProjectId>>()
  readonly #liveSince: number
  #checkpoints: readonly State[] = [emptyState]
  #spacing = FIRST_SPACING
  /** As far as this has read. */
  #state: State = emptyState
  #reading: Promise<void> = Promise.resolve()

  constructor(log: Log, current: () => State) {
    this.#log = log
    this.#current = current
    this.#liveSince = current().sequence
  }

  /**
   * Resolves when it is known whose everything was that entries from `from` on speak of. What ended since this process began
   * was seen to end; for what ended before, the log is read, once.
   */
  async knowFrom(from: number): Promise<void> {
    if (from <= this.#liveSince && this.#state.sequence < this.#liveSince) await this.#catchUp()
  }

  /** One page. It may hold less than `limit`, even nothing, and yet have a next one: there is a limit to what is read for it. */
  async changes(network: NetworkId, query: ChangesQuery): Promise<ChangesPage> {
    await this.#catchUp()
    const ahead = pointsAhead(this.#points.get(network) ?? [], query)
    const items: NetworkChange[] = []
    let looked = 0
    while (looked < Math.min(ahead.length, MOST_LOOKED) && items.length < query.limit) {
      for (const [{ revision }, entry] of await entriesOf(ahead.slice(looked, looked + CHUNK), this.#log)) {
        looked += 1
        if (this.#isWanted(entry, network, query.filter))
          items.push({ ...this.describe(entry, network), revision })
        if (items.length === query.limit) break
      }
    }
    return { items, next: looked < ahead.length ? ahead[looked - 1]?.sequence : undefined }
  }

  /** The change that made a revision. */
  async changeOf(network: NetworkId, revision: number): Promise<NetworkChange | undefined> {
    await this.#catchUp()
    const points = this.#points.get(network) ?? []
    const point = points[firstAtOrAfter(points, 'revision', revision)]
    return point && { ...this.describe(await this.#entry(point.sequence), network), revision: point.revision }
  }

  /**
   * Everything as it was when the network was at `revision`, or at the last one before it. Rejects with `not-found` when it never was.
   */
  async at(id: NetworkId, revision: number): Promise<{ readonly state: State; readonly network: Network }> {
    await this.#catchUp()
    const points = this.#points.get(id) ?? []
    const point = points[firstAtOrAfter(points, 'revision', revision + 1) - 1]
    const isFuture = revision > (points.at(-1)?.revision ?? 0)
    const state = point && !isFuture ? await this.#stateAt(point.sequence) : undefined
    const network = state?.networks.get(id)
    if (state && network) return { state, network }
    throw new WeftError(
      'not-found',
      `The network was never at revision ${revision}, as far as the log goes.`,
      {
        field: 'revision',
        advice: `It can be one of ${points[0]?.revision ?? 1} to ${points.at(-1)?.revision ?? 1}.`,
      },
    )
  }

  /** @param about only what concerns this network */
  describe({ sequence, at, actor, events }: Entry, about?: NetworkId): Change {
    const state = this.#current()
    const concerned = events.filter((event) => !about || !isOfAnother(event, about))
    const nameOf = (id: string) => this.nameOf(id)
    return {
      sequence,
      at,
      actor,
      actorName: nameOf(actor),
      networks: [...new Set(events.flatMap((event) => networksOf(event, state)))],
      actions: [...new Set(concerned.map(({ type }) => type))],
      what: concerned.slice(0, SENTENCES).map((event) => describeEvent(event, nameOf)),
      events: concerned.length,
    }
  }

  /** What a node, network or API token is or was called; the id itself if it has no name. */
  nameOf(id: string): string {
    return nameIn(this.#current(), id) ?? this.#formerNames.get(id) ?? id
  }

  /** Keeps what those are called that an entry takes away. */
  remember({ events }: Entry, before: State): void {
    for (const event of events)
      if (isEnd(event)) {
        this.#formerNames.set(event.id, nameIn(before, event.id) ?? event.id)
        this.#formerOwners.set(event.id, ownersOf(event.id, before))
      }
  }

  /** An entry with only those of its events that somebody in this project may see; undefined when there is none. */
  seenBy(entry: Entry, { project, caller: { bound } }: Viewer): Entry | undefined {
    const state = this.#current()
    const isSeen = (event: Event) => {
      const owners = this.#ownersOf(event)
      return owners.has(project) || (owners.size === 0 && !bound)
    }
    const events = entry.events.filter(isSeen)
    if (events.length === 0) return undefined
    const isForeign = bound && !ownersOf(entry.actor, state).has(project)
    return { ...entry, events, actor: isForeign ? OTHERS : entry.actor }
  }

  /** The projects that may see something of an entry. */
  audience({ events }: Entry): ReadonlySet<ProjectId> {
    return new Set(events.flatMap((event) => [...this.#ownersOf(event)]))
  }

  #isWanted({ actor, events }: Entry, network: NetworkId, filter: EntryFilter): boolean {
    const concerned = events.filter((event) => !isOfAnother(event, network))
    return isWanted(concerned, { actor, actorName: this.nameOf(actor) }, filter)
  }

  #ownersOf(event: Event): ReadonlySet<ProjectId> {
    const state = this.#current()
    return eventOwners(event, (id) => this.#formerOwners.get(id) ?? ownersOf(id, state), state)
  }

  /** One after the other: what is read by one question serves the next. */
  #catchUp(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read())
    return this.#reading
  }

  async #read(): Promise<void> {
    await this.#beginLater()
    if (this.#state.sequence >= this.#current().sequence) return
    for await (const entry of this.#log.read(this.#state.sequence + 1)) {
      this.#take(entry)
      if (entry.sequence % FIRST_SPACING === 0) await breathe()
    }
  }

  /** Begins anew, with what is left, when entries that were read have been dropped since. */
  async #beginLater(): Promise<void> {
    const { sequence } = await this.#log.base()
    if (sequence <= (this.#checkpoints[0]?.sequence ?? 0)) return
    this.#points.clear()
    this.#state = await earliestState(this.#log)
    this.#checkpoints = [this.#state]
  }

  #take(entry: Entry): void {
    const before = this.#state
    const after = applyEntry(before, entry)
    this.remember(entry, before)
    for (const event of entry.events) {
      for (const id of networksOf(event, before)) this.#mark(id, entry, before, after)
      for (const id of networksOf(event, after)) this.#mark(id, entry, before, after)
    }
    this.#state = after
    const last = this.#checkpoints.at(-1)?.sequence ?? 0
    if (after.sequence - last >= this.#spacing)
      this.#checkpoints = this.#thinned([...this.#checkpoints, after])
  }

  #mark(id: NetworkId, { sequence, at }: Entry, before: State, after: State): void {
    const network = after.networks.get(id)
    const points = this.#points.get(id) ?? []
    if (network === before.networks.get(id) || points.at(-1)?.sequence === sequence) return
    points.push({ sequence, at, revision: network?.revision ?? (points.at(-1)?.revision ?? 0) + 1 })
    this.#points.set(id, points)
  }

  /** When there are too many, every second one goes. */
  #thinned(checkpoints: readonly State[]): readonly State[] {
    if (checkpoints.length <= MOST_CHECKPOINTS) return checkpoints
    this.#spacing *= 2
    return checkpoints.filter((_, at) => at % 2 === 0)
  }

  async #stateAt(sequence: number): Promise<State> {
    let state = this.#checkpoints.findLast((each) => each.sequence <= sequence) ?? emptyState
    if (state.sequence === sequence) return state
    for await (const entry of this.#log.read(state.sequence + 1)) {
      state = applyEntry(state, entry)
      if (entry.sequence === sequence) break
      if (entry.sequence % FIRST_SPACING === 0) await breathe()
    }
    return state
  }

  async #entry(sequence: number): Promise<Entry> {
    for await (const entry of this.#log.read(sequence)) return entry
    throw gone(sequence)
  }
}

const ENDS: readonly string[] = [
  'node-removed',
  'network-deleted',
  'project-deleted',
  'api-token-revoked',
  'join-token-revoked',
  'webhook-deleted',
]

function isEnd(event: Event): event is Extract<Event, { readonly id: string }> {
  return ENDS.includes(event.type)
}

/** Whether an event names another network than this. */
function isOfAnother(event: Event, network: NetworkId): boolean {
  const named = 'network' in event ? event.network : 'id' in event ? parseNetworkId(event.id) : undefined
  return named !== undefined && named !== network
}
