import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { PeerReport } from '../../protocol/frames.ts'

/** What went over a link in one stretch of time. */
export interface TrafficPoint {
  /** When the stretch began; milliseconds since 1970. */
  readonly at: number
  /** Received by the first end from the second, and sent to it. */
  readonly rxBytes: number
  readonly txBytes: number
  /** Seconds since the last handshake, at the end of the stretch; undefined if there was none. */
  readonly handshakeAgeSeconds: number | undefined
}

export interface TrafficLevel {
  readonly stepSeconds: number
  /** Oldest first; stretches of which nothing was reported are left out. */
  readonly points: readonly TrafficPoint[]
}

/** A quarter of an hour in steps of one report, six hours, a week: 300 numbers of each kind a link. */
const LEVELS = [
  { step: 15_000, length: 60 },
  { step: 300_000, length: 72 },
  { step: 3_600_000, length: 168 },
] as const

/** Links that are kept: 4 KB each, so 32 MB at most. */
const MOST_LINKS = 8_192
/** A link that carried nothing for this long gives its place to one that does, in ms. */
const QUIET = 900_000
/** The other end is believed when the one whose counters were followed is silent for this long, in ms. */
const SILENCE = 60_000

/** Traffic and handshakes of links over time, at a resolution that falls with age, in bounded memory; gone at a restart. */
export class Traffic {
  readonly #series = new Map<string, Series>()
  readonly #mostLinks: number

  constructor(mostLinks = MOST_LINKS) {
    this.#mostLinks = mostLinks
  }

  /** Takes what `reporter` says of its peer. */
  take(network: NetworkId, reporter: NodeId, peer: PeerReport, now: number): void {
    const other = peer.node as NodeId
    const key = keyOf(network, reporter, other)
    const series = this.#series.get(key) ?? this.#admit(key, now)
    if (!series) return
    // The quietest stands first, so that it is the first to go.
    if (series.take(reporter, reporter < other, peer, now)) {
      this.#series.delete(key)
      this.#series.set(key, series)
    }
  }

  /** Of one link, finest resolution first; empty if nothing is kept. */
  of(network: NetworkId, a: NodeId, b: NodeId, now: number): readonly TrafficLevel[] {
    const levels = this.#series.get(keyOf(network, a, b))?.levels(now) ?? []
    return a < b ? levels : levels.map(turned)
  }

  get size(): number {
    return this.#series.size
  }

  #admit(key: string, now: number): Series | undefined {
    if (this.#series.size >= this.#mostLinks) {
      const [quietest] = this.#series
      if (!quietest || now - quietest[1].busyAt < QUIET) return undefined
      this.#series.delete(quietest[0])
    }
    const series = new Series(now)
    this.#series.set(key, series)
    return series
  }
}

class Series {
  /** When something last went over it. */
  busyAt: number
  readonly #rings = LEVELS.map(({ step, length }) => new Ring(step, length))
  #reporter: NodeId | undefined
  #reportedAt = 0
  #rx = 0
  #tx = 0

  constructor(now: number) {
    this.busyAt = now
  }

  /** Whether something went over the link. Counters that fell began anew. */
  take(
    reporter: NodeId,
    isFirst: boolean,
    { rxBytes, txBytes, handshakeAge }: PeerReport,
    now: number,
  ): boolean {
    const isOther = this.#reporter !== undefined && this.#reporter !== reporter
    if (isOther && now - this.#reportedAt < SILENCE) return false
    const [rx, tx] = isFirst ? [rxBytes, txBytes] : [txBytes, rxBytes]
    const isFollowed = this.#reporter === reporter
    const [received, sent] = isFollowed ? [since(this.#rx, rx), since(this.#tx, tx)] : [0, 0]
    this.#reporter = reporter
    this.#reportedAt = now
    this.#rx = rx
    this.#tx = tx
    for (const ring of this.#rings) ring.add(now, received, sent, handshakeAge)
    if (received + sent > 0) this.busyAt = now
    return received + sent > 0
  }

  levels(now: number): TrafficLevel[] {
    return this.#rings.map((ring) => ({ stepSeconds: ring.step / 1_000, points: ring.points(now) }))
  }
}

function since(before: number, now: number): number {
  return now >= before ? now - before : now
}

const NO_HANDSHAKE = 0xff_ff

/** One resolution: places that are written over when their time has come again. */
class Ring {
  readonly step: number
  readonly #length: number
  /** Number of the stretch that a place holds; 0: none yet. */
  readonly #turns: Float64Array
  readonly #rx: Float32Array
  readonly #tx: Float32Array
  readonly #ages: Uint16Array

  constructor(step: number, length: number) {
    this.step = step
    this.#length = length
    this.#turns = new Float64Array(length)
    this.#rx = new Float32Array(length)
    this.#tx = new Float32Array(length)
    this.#ages = new Uint16Array(length)
  }

  add(now: number, received: number, sent: number, age: number | undefined): void {
    const turn = Math.floor(now / this.step)
    const place = turn % this.#length
    const isNew = this.#turns[place] !== turn
    this.#turns[place] = turn
    this.#rx[place] = (isNew ? 0 : (this.#rx[place] ?? 0)) + received
    this.#tx[place] = (isNew ? 0 : (this.#tx[place] ?? 0)) + sent
    this.#ages[place] = age === undefined ? NO_HANDSHAKE : Math.min(age, NO_HANDSHAKE - 1)
  }

  points(now: number): TrafficPoint[] {
    const last = Math.floor(now / this.step)
    return Array.from({ length: this.#length }, (_, at) => last - this.#length + 1 + at).flatMap((turn) => {
      const place = turn % this.#length
      if (this.#turns[place] !== turn) return []
      const age = this.#ages[place]
      return [
        {
          at: turn * this.step,
          rxBytes: Math.round(this.#rx[place] ?? 0),
          txBytes: Math.round(this.#tx[place] ?? 0),
          handshakeAgeSeconds: age === NO_HANDSHAKE ? undefined : age,
        },
      ]
    })
  }
}

function turned({ stepSeconds, points }: TrafficLevel): TrafficLevel {
  return {
    stepSeconds,
    points: points.map(({ rxBytes, txBytes, ...rest }) => ({ ...rest, rxBytes: txBytes, txBytes: rxBytes })),
  }
}

function keyOf(network: NetworkId, one: NodeId, two: NodeId): string {
  return one < two ? `${network} ${one} ${two}` : `${network} ${two} ${one}`
}
