import { setImmediate as breathe } from 'node:timers/promises'
import type { NodeId } from '../../keys/identity.ts'
import { type LinkObservation, observeLink, pathInUse } from './links.ts'
import type { Lookout } from './lookout.ts'
import { type Pair, type Pairs, pairsOf } from './pairs.ts'
import { count, emptyTally, type Tally } from './tally.ts'
import { Unseen } from './unseen.ts'

export interface SurveyQuery {
  /** Most pairs that are given one by one; the rest is counted only. */
  readonly limit: number
  /** Give pairs of this member only. */
  readonly of: NodeId | undefined
  /** Give pairs whose ends are both in one of these groups only. */
  readonly within: ReadonlySet<string> | undefined
  /** The group of a member; the same text for all when nothing is grouped. */
  readonly groupOf: (node: NodeId) => string
  /** Pairs up to which each is looked at, also if nobody reports of it. */
  readonly fullLimit?: number
}

export interface GroupPair {
  readonly a: string
  readonly b: string
  readonly tally: Tally
}

export interface Survey {
  readonly total: Tally
  /** Within and between groups. */
  readonly between: readonly GroupPair[]
  /** The most telling ones, in the order of their ids. */
  readonly pairs: readonly Pair[]
  /** How many pairs the query asked for, and did not get. */
  readonly omitted: number
}

/** A mesh of 1,400: half a second of looking. */
const FULL_LIMIT = 1_000_000
/** Milliseconds of work after which others get a turn. */
const SLICE = 8
const CHECK_EVERY = 512

/**
 * Counts all links of a network and picks those worth a line of their own: what does not work first, then what is
 * relayed, then what carries most. The event loop is left free in between.
 */
export async function survey(lookout: Lookout, query: SurveyQuery): Promise<Survey> {
  const pairs = pairsOf(lookout.network, lookout.seen.state)
  const { size } = lookout.network.members
  const isMany = (size * (size - 1)) / 2 > (query.fullLimit ?? FULL_LIMIT)
  // What is only counted needs no look at each, either.
  const isVast = pairs.complete && (isMany || query.limit === 0)
  const book = new Book(lookout, query)
  const unseen = isVast ? new Unseen(lookout, query.groupOf) : undefined
  for (const [a, b, down, pending] of unseen?.counts() ?? []) book.countMany(a, b, down, pending)
  let sliceEnd = performance.now() + SLICE
  let done = 0
  for (const pair of isVast ? observedPairs(lookout) : pairs.all()) {
    book.look(pair, unseen)
    if (++done % CHECK_EVERY !== 0 || performance.now() < sliceEnd) continue
    await breathe()
    sliceEnd = performance.now() + SLICE
  }
  if (isVast && query.of !== undefined) book.addUnseen(pairs, query.of)
  return book.close()
}

/** The pairs of which at least one end reports. */
function* observedPairs({ network, seen: { presence } }: Lookout): Iterable<Pair> {
  for (const a of network.members.keys()) {
    for (const b of presence.standing(a, network.id).peers.keys()) {
      if (!network.members.has(b)) continue
      if (a < b) yield [a, b]
      else if (!presence.standing(b, network.id).peers.has(a)) yield [b, a]
    }
  }
}

/** From what does not work to what is quiet. */
const RANKS = 6

class Book {
  readonly #lookout: Lookout
  readonly #query: SurveyQuery
  readonly #total = emptyTally()
  readonly #names = new Map<string, number>()
  /** The number of each member's group, and the tally of every two of them: asked for twice a pair. */
  readonly #groups = new Map<NodeId, number>()
  readonly #tallies: Tally[][] = []
  readonly #picked: Pair[][] = Array.from({ length: RANKS }, () => [])
  #asked = 0

  constructor(lookout: Lookout, query: SurveyQuery) {
    this.#lookout = lookout
    this.#query = query
  }

  countMany(a: string, b: string, down: number, pending: number): void {
    for (const tally of [this.#total, this.#tallyOf(this.#numberOf(a), this.#numberOf(b))]) {
      count(tally, 'down', down)
      count(tally, 'pending', pending)
    }
  }

  /** @param unseen what has counted the pair already, as one that nobody reports of */
  look(pair: Pair, unseen: Unseen | undefined): void {
    const [a, b] = pair
    const link = observeLink(this.#lookout, a, b)
    const inUse = link.state === 'up' ? pathInUse(this.#lookout, a, b) : undefined
    for (const tally of [this.#total, this.#tallyOf(this.#groupOf(a), this.#groupOf(b))]) {
      if (unseen) count(tally, unseen.stateOf(a, b), -1)
      count(tally, link.state)
      if (inUse && inUse.path !== 'none') tally[inUse.path] += 1
      tally.rxBytes += link.rxBytes
      tally.txBytes += link.txBytes
    }
    if (this.#isAskedFor(pair)) this.#pick(pair, rankOf(link, inUse?.path === 'relayed'))
  }

  /** Of a vast network only what is reported was looked at; of one member the rest is wanted, too. */
  addUnseen(pairs: Pairs, node: NodeId): void {
    const have = new Set(this.#picked.flat().map(([a, b]) => (a === node ? b : a)))
    for (const pair of pairs.of(node)) {
      const other = pair[0] === node ? pair[1] : pair[0]
      if (!have.has(other)) this.#pick(pair, 0)
    }
  }

  close(): Survey {
    const pairs = this.#picked
      .flat()
      .slice(0, this.#query.limit)
      .sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1))
    const between = this.#between().sort((one, two) => (keyOf(one) < keyOf(two) ? -1 : 1))
    return { total: this.#total, between, pairs, omitted: this.#countAsked(between) - pairs.length }
  }

  /** Of one member each pair was gone through; of groups, also those that were not looked at are counted. */
  #countAsked(between: readonly GroupPair[]): number {
    const { of, within } = this.#query
    if (of !== undefined) return this.#asked
    if (within === undefined) return this.#total.links
    const inside = between.filter(({ a, b }) => within.has(a) && within.has(b))
    return inside.reduce((sum, { tally }) => sum + tally.links, 0)
  }

  #isAskedFor([a, b]: Pair): boolean {
    const { of, within, groupOf } = this.#query
    if (of !== undefined && a !== of && b !== of) return false
    return within === undefined || (within.has(groupOf(a)) && within.has(groupOf(b)))
  }

  #pick(pair: Pair, rank: number): void {
    this.#asked += 1
    const shelf = this.#picked[rank]
    if (shelf && shelf.length < this.#query.limit) shelf.push(pair)
  }

  #tallyOf(one: number, two: number): Tally {
    const [low, high] = one < two ? [one, two] : [two, one]
    const row = this.#tallies[low] ?? []
    this.#tallies[low] = row
    const tally = row[high] ?? emptyTally()
    row[high] = tally
    return tally
  }

  #groupOf(node: NodeId): number {
    const known = this.#groups.get(node)
    if (known !== undefined) return known
    const number = this.#numberOf(this.#query.groupOf(node))
    this.#groups.set(node, number)
    return number
  }

  #numberOf(name: string): number {
    const number = this.#names.get(name) ?? this.#names.size
    this.#names.set(name, number)
    return number
  }

  #between(): GroupPair[] {
    const names = [...this.#names.keys()]
    return this.#tallies.flatMap((row, low) =>
      row.flatMap((tally, high) => {
        const [a = '', b = ''] = [names[low], names[high]].sort()
        return { a, b, tally }
      }),
    )
  }
}

/** Labels hold no control characters, so this separates. */
function keyOf({ a, b }: Pick<GroupPair, 'a' | 'b'>): string {
  return `${a}\u0000${b}`
}

function rankOf({ state, rxBytes, txBytes }: LinkObservation, relayed: boolean): number {
  if (state !== 'up') return ['down', 'stale', 'pending'].indexOf(state)
  if (relayed) return 3
  return rxBytes + txBytes > BUSY ? 4 : 5
}

/** Bytes that more than handshakes and keepalives have caused: the knocks of a day. */
const BUSY = 1_048_576
