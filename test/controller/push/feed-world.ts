import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { Clock } from '../../../src/clock.ts'
import { RECENT, type Step } from '../../../src/controller/ledger/recent.ts'
import { Presence } from '../../../src/controller/presence/presence.ts'
import type { Feed } from '../../../src/controller/push/feed.ts'
import { Feeds } from '../../../src/controller/push/feeds.ts'
import { controllerSettings } from '../../../src/controller/settings.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import type { Entry } from '../../../src/log/log.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import type { State } from '../../../src/model/state.ts'
import { loadSettings } from '../../../src/settings.ts'
import { HandClock } from '../../agent/clock.ts'
import { begin, NETWORK, play, type Wish } from '../../topology/policy/play.ts'
import { Reader } from './reader.ts'

export const GATHER = 50
const settings = loadSettings(controllerSettings, { environment: {}, flags: { gatherMilliseconds: GATHER } })
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(3)))

/** The feeds of a controller over one network, whose entries a test writes. */
export class FeedWorld {
  readonly counts = { encodings: 0, signatures: 0 }
  readonly clock: Clock
  readonly presence = new Presence()
  feeds: Feeds
  #state: State
  #recent: Step[] = []

  constructor(start: State = begin('mesh'), clock: Clock = new HandClock()) {
    this.clock = clock
    this.#state = start
    this.feeds = this.#start()
  }

  get state(): State {
    return this.#state
  }

  get network() {
    const found = this.#state.networks.get(NETWORK)
    assert.ok(found)
    return found
  }

  isMember(node: NodeId): boolean {
    return this.network.members.has(node)
  }

  members(): NodeId[] {
    return [...this.network.members.keys()]
  }

  feed(node: NodeId): Feed {
    const feed = this.feeds.get(NETWORK, node)
    assert.ok(feed)
    return feed
  }

  /** @param readsParts false: as agents of earlier releases do */
  newReader(readsParts = true): Reader {
    return new Reader(signing.publicKey, readsParts)
  }

  /** What somebody has who is told all of it now. */
  picture(node: NodeId) {
    const whole = this.newReader()
    whole.read(new FeedWorld(this.#state).feed(node))
    return whole.picture
  }

  /** One entry. */
  enter(...events: readonly Event[]): void {
    if (events.length === 0) return
    const before = this.#state
    this.#state = events.reduce(apply, before)
    const step = { entry: entryOf(events), before, after: this.#state }
    this.#recent = [...this.#recent, step].slice(-RECENT)
    this.feeds.onEntry(step.entry, before, this.#state)
  }

  wish(...wishes: readonly Wish[]): void {
    this.enter(...play(this.#state, wishes).events)
  }

  come(...numbers: readonly number[]): void {
    this.wish(...numbers.map((number) => ({ kind: 'come', number }) as const))
  }

  /** The controller starts again. */
  restart(): void {
    this.feeds = this.#start()
  }

  #start(): Feeds {
    return new Feeds({
      log: pino({ level: 'silent' }),
      clock: this.clock,
      settings,
      signing,
      state: () => this.#state,
      presence: this.presence,
      count: (what) => {
        this.counts[what] += 1
      },
      recent: this.#recent,
    })
  }
}

export function entryOf(events: readonly Event[]): Entry {
  return { sequence: 1, hash: '', operation: '', at: 0, actor: 'test', events }
}
