import type { Head, Log } from '../../log/log.ts'
import type { State } from '../../model/state.ts'
import type { Viewer } from '../sight.ts'
import { PastStates } from './past-states.ts'
import { type AuditFilter, type AuditRecord, auditRecord } from './record.ts'

export interface AuditQuery {
  readonly viewer: Viewer
  readonly filter: AuditFilter
  readonly limit: number
  /** Whether the latest comes first. */
  readonly backwards: boolean
  /** The last entry that the page before looked at. */
  readonly after: number | undefined
}

export interface AuditPage {
  readonly items: AuditRecord[]
  /** The last entry that was looked at; undefined when there is nothing behind it. */
  readonly next: number | undefined
  readonly reach: AuditReach
}

/** How much of the past the log still has. */
export interface AuditReach {
  /** The first entry that was not dropped. */
  readonly first: number
  /** From which entry on before and after are known. */
  readonly completeFrom: number
  /** Where the log ended when the page was made. */
  readonly head: Head
}

/** Entries read at a time, and for one page: so a filter that nothing passes cannot keep the controller busy for long. */
const CHUNK = 256
const MOST_READ = 5_000
/** Things with before and after on one page: about a megabyte. */
const MOST_CHANGES = 2_000
/** Milliseconds by which clocks of replicas may differ, so that times in the log may go back. */
const SKEW = 3_600_000

/** The log, for those who want to know who did what. It keeps nothing of its own but some states to fold from. */
export class AuditTrail {
  readonly #log: Log
  readonly #past: PastStates

  constructor(log: Log) {
    this.#log = log
    this.#past = new PastStates(log)
  }

  /** One page. It may hold less than `limit`, even nothing, and yet have a next one: there is a limit to what is read for it. */
  async page({ viewer, filter, limit, backwards, after }: AuditQuery): Promise<AuditPage> {
    const reach = await this.#reach()
    const [first, last] = await this.#span(filter, reach)
    const items: AuditRecord[] = []
    let [low, high] = backwards
      ? [first, Math.min(last, (after ?? last + 1) - 1)]
      : [Math.max(first, (after ?? 0) + 1), last]
    let changes = 0
    for (let read = 0; low <= high && read < MOST_READ; ) {
      const [from, to] = backwards
        ? [Math.max(low, high - CHUNK + 1), high]
        : [low, Math.min(high, low + CHUNK - 1)]
      const steps = await this.#past.steps(from, to)
      for (const step of backwards ? steps.toReversed() : steps) {
        const { sequence } = step.entry
        if (backwards) high = sequence - 1
        else low = sequence + 1
        read += 1
        const record = auditRecord(step, viewer, filter)
        if (record) items.push(record)
        changes += record?.changes.length ?? 0
        if (items.length >= limit || changes >= MOST_CHANGES)
          return { items, next: nextOf(low, high, backwards), reach }
      }
    }
    return { items, next: nextOf(low, high, backwards), reach }
  }

  /** The state that an entry made; undefined when that cannot be known for sure any more. */
  async stateAfter(sequence: number): Promise<State | undefined> {
    const [step] = await this.#past.steps(sequence, sequence)
    return step?.complete ? step.after : undefined
  }

  async #reach(): Promise<AuditReach> {
    const { sequence, hash } = this.#log.head()
    const first = (await this.#log.base()).sequence + 1
    return { first, completeFrom: await this.#past.knownFrom(), head: { sequence, hash } }
  }

  /** The entries among which those of a time must be. */
  async #span({ since, until }: AuditFilter, { first, head }: AuditReach): Promise<[number, number]> {
    const from = since === undefined ? first : await this.#firstAt(since - SKEW, first, head.sequence)
    const to =
      until === undefined ? head.sequence : (await this.#firstAt(until + SKEW, from, head.sequence)) - 1
    return [from, Math.min(to, head.sequence)]
  }

  /** The first entry that is not before a time, by halving; the one behind the last when there is none. */
  async #firstAt(time: number, first: number, last: number): Promise<number> {
    let [low, high] = [first, last + 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((await this.#timeOf(middle)) < time) low = middle + 1
      else high = middle
    }
    return low
  }

  async #timeOf(sequence: number): Promise<number> {
    for await (const { at } of this.#log.read(sequence)) return at
    return Number.POSITIVE_INFINITY
  }
}

function nextOf(low: number, high: number, backwards: boolean): number | undefined {
  if (low > high) return undefined
  return backwards ? high + 1 : low - 1
}
