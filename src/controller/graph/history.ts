import { setImmediate as breathe } from 'node:timers/promises'
import { WeftError } from '../../errors.ts'
import type { Entry, Log } from '../../log/log.ts'
import { earliestState } from '../../log/snapshot.ts'
import { applyEntry } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import { type NetworkId, type ProjectId, parseNetworkId } from '../../model/names.ts'
import { emptyState, type Network, type State } from '../../model/state.ts'
import { type EntryFilter, isWanted } from '../entry-filter.ts'
import { actorSeen, isSeen, namerFor, type Viewer } from '../sight.ts'
import { describeEvent, networksOf } from './describe.ts'
import { Former } from './former.ts'
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
  readonly viewer: Viewer
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

/**
 * The log as a time line: what changed in a network, and what it was at any revision. Read at the first question. Once
 * entries were dropped it begins with the older of the snapshots.
 */
export class History {
  readonly #log: Log
  readonly #current: () => State
  readonly #points = new Map<NetworkId, Point[]>()
  readonly #former: Former
  readonly #liveSince: number
  #checkpoints: readonly State[] = [emptyState]
  #spacing = FIRST_SPACING
  /** As far as this has read. */
  #state: State = emptyState
  #reading: Promise<void> = Promise.resolve()

  constructor(log: Log, current: () => State) {
    this.#log = log
    this.#current = current
    this.#former = new Former(current)
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
    const { viewer, filter } = query
    await this.#catchUp()
    const ahead = pointsAhead(this.#points.get(network) ?? [], query)
    const items: NetworkChange[] = []
    let looked = 0
    while (looked < Math.min(ahead.length, MOST_LOOKED) && items.length < query.limit) {
      for (const [{ revision }, entry] of await entriesOf(ahead.slice(looked, looked + CHUNK), this.#log)) {
        looked += 1
        const seen = this.seenBy(entry, viewer, network)
        if (seen && isWanted(seen.events, this.#who(seen), filter))
          items.push({ ...this.describe(seen, viewer), revision })
        if (items.length === query.limit) break
      }
    }
    return { items, next: looked < ahead.length ? ahead[looked - 1]?.sequence : undefined }
  }

  /** The change that made a revision; undefined also when nothing of it is for the viewer's eyes. */
  async changeOf(network: NetworkId, revision: number, viewer: Viewer): Promise<NetworkChange | undefined> {
    await this.#catchUp()
    const points = this.#points.get(network) ?? []
    const point = points[firstAtOrAfter(points, 'revision', revision)]
    const seen = point && this.seenBy(await this.#entry(point.sequence), viewer, network)
    return seen && { ...this.describe(seen, viewer), revision: point.revision }
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

  /** @param entry as the viewer sees it */
  describe(entry: Entry, viewer: Viewer): Change {
    const { sequence, at, events } = entry
    const state = this.#current()
    const nameOf = namerFor(viewer, (id) => this.#former.nameOf(id))
    return {
      sequence,
      at,
      ...this.#who(entry),
      networks: [...new Set(events.flatMap((event) => networksOf(event, state)))],
      actions: [...new Set(events.map(({ type }) => type))],
      what: events.slice(0, SENTENCES).map((event) => describeEvent(event, nameOf)),
      events: events.length,
    }
  }

  /** Keeps what those are called that an entry takes away, and whose they were. */
  remember(entry: Entry, before: State): void {
    this.#former.remember(entry, before)
  }

  /**
   * An entry with only those of its events that a viewer may see, and its actor as the viewer may know it; undefined when there
   * is none.
   * @param about only what concerns this network
   */
  seenBy(entry: Entry, viewer: Viewer, about?: NetworkId): Entry | undefined {
    const events = entry.events.filter(
      (event) =>
        !(about && isOfAnother(event, about)) && isSeen(event, this.#former.ownersOfEvent(event), viewer),
    )
    if (events.length === 0) return undefined
    return { ...entry, events, actor: actorSeen(entry.actor, this.#former.ownersOf(entry.actor), viewer) }
  }

  /** The projects that may see something of an entry. */
  audience({ events }: Entry): ReadonlySet<ProjectId> {
    return new Set(events.flatMap((event) => [...this.#former.ownersOfEvent(event)]))
  }

  #who({ actor }: Entry): Pick<Change, 'actor' | 'actorName'> {
    return { actor, actorName: this.#former.nameOf(actor) }
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

/** Whether an event names another network than this. */
function isOfAnother(event: Event, network: NetworkId): boolean {
  const named = 'network' in event ? event.network : 'id' in event ? parseNetworkId(event.id) : undefined
  return named !== undefined && named !== network
}
