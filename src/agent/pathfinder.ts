import type { NodeId } from '../keys/identity.ts'
import { hashOf } from '../topology/hash.ts'
import type { ObservedPath } from '../topology/observed.ts'
import type { Candidate } from '../topology/reach.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { Agenda } from './paths/agenda.ts'
import { Pair } from './paths/pair.ts'
import { PATIENCE } from './paths/patience.ts'
import type { Moment } from './paths/rests.ts'
import type { Scene } from './paths/scene.ts'
import type { Sighting } from './paths/sighting.ts'
import type { Choice } from './paths/stand.ts'

export interface PathfinderOptions {
  readonly own: NodeId
  /** What an endpoint of a peer means that nobody handed out: `observedPath`. */
  readonly classify: (peer: NodeId, endpoint: Endpoint) => ObservedPath
}

/** What a look came to. */
export interface Step {
  /** Peers whose choice changed, with the new one: to be set on the device before any knock. */
  readonly changed: ReadonlyMap<NodeId, Choice>
  /** Peers to be sent a packet that they answer, so that WireGuard shakes hands or the path shows that it works. */
  readonly knocks: readonly NodeId[]
  /** Milliseconds until the next look is due. */
  readonly next: number
}

/**
 * Finds the best path that works to each peer of one network, and goes on when it fails. It acts on nothing: the caller
 * reads the device, calls `look`, and carries out what comes back. A look costs little for peers of which nothing is new.
 */
export class Pathfinder {
  readonly #options: PathfinderOptions
  readonly #pairs = new Map<NodeId, Pair>()
  readonly #agenda = new Agenda<Pair>()
  readonly #offers = new Map<Pair, readonly Candidate[]>()
  #stirred = new Set<Pair>()
  #deadRelays: ReadonlySet<NodeId> = new Set()
  #renewal: 'none' | 'gained' | 'lost' = 'none'
  #withAlternatives = 0

  constructor(options: PathfinderOptions) {
    this.#options = options
  }

  /** Takes the ways to reach a peer, best first, in place of those before. They count from the next look, as all news do. */
  offer(peer: NodeId, candidates: readonly Candidate[]): void {
    const { own } = this.#options
    const pair = this.#pairs.get(peer) ?? new Pair(peer, { phase: phaseOf(own, peer), isSecond: own > peer })
    this.#pairs.set(peer, pair)
    this.#offers.set(pair, candidates)
  }

  /** The peer is none any more. */
  forget(peer: NodeId): void {
    const pair = this.#pairs.get(peer)
    if (!pair) return
    if (pair.hasAlternatives) this.#withAlternatives -= 1
    this.#pairs.delete(peer)
    this.#offers.delete(pair)
    this.#stirred.delete(pair)
    this.#agenda.put(pair, Number.POSITIVE_INFINITY)
  }

  /** Takes the relays that carry nothing at the moment; their candidates stay, and are passed over. */
  setDeadRelays(dead: ReadonlySet<NodeId>): void {
    const before = this.#deadRelays
    const turned = [...dead, ...before].filter((relay) => dead.has(relay) !== before.has(relay))
    this.#deadRelays = new Set(dead)
    if (turned.length === 0) return
    for (const pair of this.#pairs.values()) {
      if (turned.some((relay) => pair.minds(relay))) this.#stirred.add(pair)
    }
  }

  /**
   * This machine has other addresses: paths that failed may work now, and all others hear where we are.
   * @param lost whether it has one less, so that paths that worked may not any more
   */
  renew({ lost }: { readonly lost: boolean }): void {
    if (this.#renewal !== 'lost') this.#renewal = lost ? 'lost' : 'gained'
  }

  /** The way to a peer after the last look; undefined for one that was never offered. */
  choice(peer: NodeId): Choice | undefined {
    return this.#pairs.get(peer)?.choice()
  }

  /**
   * Takes what the device says of the peers and the news since the last look. Without sightings it does what news and time
   * ask for. The first look after an offer ought to have them: a session that lives keeps its path.
   */
  look(moment: Moment, sightings: Iterable<readonly [NodeId, Sighting]> = []): Step {
    const scene = this.#scene(moment)
    const touched = this.#takeNews(scene)
    for (const [peer, sighting] of sightings) {
      const pair = this.#pairs.get(peer)
      if (pair?.see(sighting, scene)) touched.add(pair)
    }
    for (const pair of this.#agenda.take(moment.now)) touched.add(pair)
    for (const pair of touched) {
      pair.wake(scene)
      this.#agenda.put(pair, pair.wakeAt)
    }
    return this.#step(scene)
  }

  #scene({ now, utc }: Moment): Scene {
    const { classify } = this.#options
    return { now, utc, classify, deadRelays: this.#deadRelays, changed: new Set(), knocks: new Set() }
  }

  /** @returns those to be woken */
  #takeNews(scene: Scene): Set<Pair> {
    const touched = this.#stirred
    this.#stirred = new Set()
    for (const [pair, candidates] of this.#offers) {
      const before = Number(pair.hasAlternatives)
      pair.offer(candidates, scene)
      this.#withAlternatives += Number(pair.hasAlternatives) - before
      touched.add(pair)
    }
    this.#offers.clear()
    const renewal = this.#renewal
    if (renewal === 'none') return touched
    this.#renewal = 'none'
    for (const pair of this.#pairs.values()) {
      pair.renew(scene, renewal === 'lost')
      touched.add(pair)
    }
    return touched
  }

  #step({ now, changed, knocks }: Scene): Step {
    const choices = new Map<NodeId, Choice>()
    for (const peer of changed) {
      const choice = this.choice(peer)
      if (choice) choices.set(peer, choice)
    }
    const calm = this.#withAlternatives > 0 ? PATIENCE.calm : PATIENCE.choiceless
    return {
      changed: choices,
      knocks: [...knocks],
      next: Math.max(0, Math.min(calm, this.#agenda.next() - now)),
    }
  }
}

/** From 0 to 1, the same at both ends. */
function phaseOf(a: NodeId, b: NodeId): number {
  return hashOf(a < b ? `${a} ${b}` : `${b} ${a}`) / 2 ** 32
}
