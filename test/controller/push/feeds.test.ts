import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import type { Clock } from '../../../src/clock.ts'
import { Presence } from '../../../src/controller/presence/presence.ts'
import type { Cursor, Feed } from '../../../src/controller/push/feed.ts'
import { Feeds } from '../../../src/controller/push/feeds.ts'
import { controllerSettings } from '../../../src/controller/settings.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import { fromBase64Url } from '../../../src/keys/text.ts'
import type { Entry } from '../../../src/log/log.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import type { State } from '../../../src/model/state.ts'
import { openDelta, openHead } from '../../../src/protocol/content.ts'
import type { ControllerFrame } from '../../../src/protocol/frames.ts'
import { readControllerFrame } from '../../../src/protocol/packed.ts'
import { View } from '../../../src/protocol/view.ts'
import { loadSettings } from '../../../src/settings.ts'
import { HandClock } from '../../agent/clock.ts'
import { nodeId } from '../../model/history.ts'
import { topology } from '../../topology/policy/arbitrary.ts'
import { begin, NETWORK, play, wish } from '../../topology/policy/play.ts'

const GATHER = 50
const settings = loadSettings(controllerSettings, { environment: {}, flags: { gatherMilliseconds: GATHER } })
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(3)))

describe('The feeds of a network', () => {
  it('bring every member from any earlier point to what a fresh snapshot is, records and filter, digest for digest', () => {
    const step = fc.record({ wish, readers: fc.subarray([1, 2, 3, 4, 5, 6]) })
    fc.assert(
      fc.property(topology, fc.array(step, { minLength: 1, maxLength: 25 }), (shape, steps) => {
        const world = newWorld(begin(shape))
        const readers = new Map<NodeId, Reader>()
        const read = (node: NodeId) => {
          // Who left is told so, and begins anew when it comes back.
          if (!world.isMember(node)) return void readers.delete(node)
          const reader = readers.get(node) ?? new Reader()
          readers.set(node, reader)
          reader.read(world.feed(node))
        }
        for (const { wish, readers: some } of steps) {
          world.change(play(world.state, [wish]).events)
          for (const number of some) read(nodeId(number))
        }
        const fresh = newWorld(world.state)
        for (const node of world.members()) {
          read(node)
          const whole = new Reader()
          whole.read(fresh.feed(node))
          assert.deepEqual(readers.get(node)?.picture, whole.picture)
          assert.equal(world.feed(node).digest, fresh.feed(node).digest)
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('Changes of a network', () => {
  it('go out at once when nothing came before, and together when they follow, at most the gathering time later', async () => {
    const clock = new HandClock()
    const world = newWorld(begin('mesh'), clock)
    const pushes: number[] = []
    world.feeds.onTouched(() => pushes.push(clock.monotonic()))
    world.come(1)
    await turn()
    assert.deepEqual(pushes, [0], 'the first at once')
    for (let number = 2; number <= 9; number++) {
      clock.advance(10)
      world.come(number)
      await turn()
    }
    // By now 80 ms have passed with a change every 10 ms: they put nothing off.
    assert.deepEqual(pushes, [0, GATHER])
    clock.advance(200)
    assert.deepEqual(pushes, [0, GATHER, 2 * GATHER], 'and no push without news')
    world.come(10)
    await turn()
    assert.deepEqual(pushes, [0, GATHER, 2 * GATHER, 280], 'after a rest at once again')
  })

  it('wait longer where pushing takes long, and ten gathering times at most', async () => {
    for (const [took, next] of [
      [0, GATHER],
      [40, 5 * 40],
      [400, 10 * GATHER],
    ] as const) {
      const clock = new HandClock()
      const world = newWorld(begin('mesh'), clock)
      const pushes: number[] = []
      world.feeds.onTouched(() => {
        pushes.push(clock.monotonic())
        if (pushes.length === 1) clock.advance(took)
      })
      world.come(1)
      await turn()
      for (const number of [2, 3, 4]) world.come(number)
      clock.advance(1_000)
      assert.deepEqual(pushes, [0, next])
    }
  })
})

function newWorld(start: State, clock: Clock = new HandClock()) {
  let state = start
  const presence = new Presence()
  const feeds = new Feeds({
    clock,
    settings,
    signing,
    state: () => state,
    presence,
    count: () => undefined,
    recent: [],
  })
  const network = () => {
    const found = state.networks.get(NETWORK)
    assert.ok(found)
    return found
  }
  const change = (events: readonly Event[]) => {
    for (const event of events) {
      const before = state
      state = apply(state, event)
      feeds.onEntry(entryOf(event), before, state)
    }
  }
  return {
    feeds,
    change,
    get state() {
      return state
    },
    isMember: (node: NodeId) => network().members.has(node),
    members: () => [...network().members.keys()],
    feed: (node: NodeId): Feed => {
      const feed = feeds.get(NETWORK, node)
      assert.ok(feed)
      return feed
    },
    come: (number: number) => change(play(state, [{ kind: 'come', number }]).events),
  }
}

function entryOf(event: Event): Entry {
  return { sequence: 1, hash: '', operation: '', at: 0, actor: 'test', events: [event] }
}

/** What a member makes of the frames that it is sent. */
class Reader {
  #view = new View()
  #feed: Feed | undefined
  #cursor: Cursor | undefined

  read(feed: Feed): void {
    // As a session does: a cursor counts in one feed only.
    const { frames, cursor } = feed.follow(this.#feed === feed ? this.#cursor : undefined)
    this.#feed = feed
    this.#cursor = cursor
    for (const message of frames) this.#take(readControllerFrame(message.for(true).bytes))
  }

  get picture() {
    const records = this.#view.encodedRecords().map((record) => Buffer.from(record).toString('hex'))
    const filter = Buffer.from(this.#view.encodedFilter).toString('hex')
    return { digest: this.#view.digest(), filter, records: records.sort() }
  }

  #take(frame: ControllerFrame): void {
    if (frame.type === 'snapshot') {
      const records = frame.records.map((record) => fromBase64Url(record) ?? new Uint8Array())
      this.#view = View.of(records, fromBase64Url(frame.filter ?? ''))
      assert.equal(openHead(frame, signing.publicKey).digest, this.#view.digest())
    } else if (frame.type === 'delta') {
      const { head, upserts, removals, filter } = openDelta(frame, signing.publicKey)
      this.#view.changeTo(head.digest, upserts, removals, filter)
    }
  }
}
