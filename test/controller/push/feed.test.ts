import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { Map as ImmutableMap } from 'immutable'
import { parseCidr } from '../../../src/address/cidr.ts'
import { Whereabouts } from '../../../src/agent/whereabouts.ts'
import type { Cursor } from '../../../src/controller/push/cursor.ts'
import { Feed } from '../../../src/controller/push/feed.ts'
import type { Message } from '../../../src/controller/push/message.ts'
import { recordOf } from '../../../src/controller/push/record-of.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { fromBase64Url } from '../../../src/keys/text.ts'
import { toPublicKey } from '../../../src/keys/wireguard.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../../src/model/names.ts'
import { emptyState, type Network, type Node, type State } from '../../../src/model/state.ts'
import { openDelta, openHead } from '../../../src/protocol/content.ts'
import type { ControllerFrame, Hint } from '../../../src/protocol/frames.ts'
import { HintSet } from '../../../src/protocol/hints.ts'
import { readControllerFrame } from '../../../src/protocol/packed.ts'
import { encodeRecord } from '../../../src/protocol/record.ts'
import { NO_FILTER, View } from '../../../src/protocol/view.ts'
import { HandClock } from '../../agent/clock.ts'
import { controllerKey, network as id, nodeId } from '../../protocol/samples.ts'

describe('The feed of a network', () => {
  it('brings a reader from any earlier point to the digest of the whole, by a delta or by a snapshot', () => {
    const step = fc.record({ node: fc.integer({ min: 1, max: 9 }), read: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const world = newWorld()
        const reader = new Reader()
        for (const { node, read } of steps) {
          world.toggle(nodeId(node))
          if (read) reader.read(world.feed)
        }
        reader.read(world.feed)
        assert.equal(reader.view.digest(), world.feed.digest)
        assert.equal(reader.revision, world.network().revision)
      }),
      { numRuns: 60 },
    )
  })

  it('encodes and signs a change once, however many sessions read it', () => {
    const world = newWorld()
    for (let node = 1; node <= 20; node++) world.toggle(nodeId(node))
    const cursors = Array.from({ length: 500 }, () => world.feed.end)
    world.counts.clear()
    world.toggle(nodeId(21))
    const frames = new Set(cursors.flatMap((cursor) => world.feed.follow(cursor).frames))
    assert.equal(frames.size, 1)
    assert.deepEqual(Object.fromEntries(world.counts), { encodings: 1, signatures: 1 })
  })

  it('works out a change once for sessions that came by different ways, too, from the next change on', () => {
    const world = newWorld()
    for (let node = 1; node <= 20; node++) world.toggle(nodeId(node))
    const position = world.position()
    let cursors: (Cursor | undefined)[] = Array.from({ length: 50 }, () => world.feed.resume(position))
    for (const [at, change] of [
      () => world.toggle(nodeId(21)),
      () => world.feed.hint(hintOf(3, 51_820)),
    ].entries()) {
      change()
      const steps = cursors.map((cursor) => world.feed.follow(cursor))
      cursors = steps.map(({ cursor }) => cursor)
      assert.equal(new Set(cursors).size, 1, `change ${at}`)
    }
  })

  it('has nothing to say to a session that knows everything', () => {
    const world = newWorld()
    world.toggle(nodeId(1))
    assert.deepEqual(world.feed.follow(world.feed.end).frames, [])
  })

  it('lets an agent resume from a revision that it can still tell, and from no other', () => {
    const world = newWorld()
    world.toggle(nodeId(1))
    const before = world.position()
    world.toggle(nodeId(2))
    const resumed = world.feed.resume(before)
    assert.ok(resumed)
    assert.equal(frameOf(world.feed, resumed).type, 'delta')
    assert.equal(world.feed.resume({ ...before, digest: 'A'.repeat(22) }), undefined)
    assert.equal(world.feed.resume({ ...before, revision: before.revision + 9 }), undefined)
    assert.equal(world.feed.resume({ ...before, epoch: 2 }), undefined)
  })

  it('believes what it began with of a revision from before its first change, and of no later one', () => {
    const world = newWorld()
    const start = { ...world.position(), revision: 0 }
    for (const number of [1, 2, 3]) world.toggle(nodeId(number))
    assert.equal(frameOf(world.feed, world.feed.resume(start)).type, 'delta')
    assert.equal(world.feed.resume({ ...start, revision: 2 }), undefined)
  })

  it('tells a session of another feed nothing older than what it was told there', () => {
    const [world, other] = [newWorld(), newWorld()]
    world.toggle(nodeId(1))
    for (const number of [2, 3, 4]) other.toggle(nodeId(number))
    const frame = frameOf(world.feed, world.feed.adopt(other.feed.end))
    assert.ok(frame.type === 'snapshot')
    assert.equal(openHead(frame, controllerKey.publicKey).revision, other.feed.end.revision)
  })

  it('keeps frames for those who lie behind within a limit, however many points they lie at', () => {
    const world = newWorld()
    for (let number = 1; number <= 120; number++) world.toggle(nodeId(number))
    const cursors = Array.from({ length: 130 }, (_, at) => {
      world.toggle(nodeId(121 + at))
      return world.feed.end
    })
    world.counts.clear()
    const first = world.feed.follow(cursors[0]).frames
    const sizes = cursors.map((cursor) => world.feed.follow(cursor).frames[0]?.size ?? 0)
    const sum = sizes.reduce((all, size) => all + size, 0)
    assert.ok(sum > 1.2 * SHELF, `${sum} bytes were made`)
    const again = world.counts.get('encodings') ?? 0
    world.feed.follow(cursors.at(-2))
    assert.equal(world.counts.get('encodings'), again, 'the last are kept')
    assert.notEqual(world.feed.follow(cursors[0]).frames[0], first[0], 'and the first are not')
  })

  it('is not kept by the cursors of those who were told by it', async () => {
    setFlagsFromString('--expose-gc')
    const { cursor, feed } = readOnce()
    await turn()
    runInNewContext('gc')()
    assert.equal(cursor.touch, 1)
    assert.equal(feed.deref(), undefined)
  })

  it('tells an agent that has everything so, with a head and nothing else, whatever the epoch it knows', () => {
    const world = newWorld()
    world.toggle(nodeId(1))
    world.feed.hint(hintOf(1, 51_820))
    for (const epoch of [1, 0]) {
      const position = { ...world.position(), epoch, hints: digestOf([hintOf(1, 51_820)]) }
      assert.deepEqual(typesOf(world.feed, world.feed.resume(position)), ['current'])
    }
  })

  it('tells an agent the hints that it missed and no others, and all of them when it has another set', () => {
    const world = newWorld()
    for (const number of [1, 2, 3]) world.toggle(nodeId(number))
    for (const number of [1, 2]) world.feed.hint(hintOf(number, 51_820))
    const hints = digestOf([hintOf(1, 51_820), hintOf(2, 51_820)])
    world.feed.hint(hintOf(3, 51_820))
    const missed = world.feed.follow(world.feed.resume({ ...world.position(), hints }))
    assert.deepEqual(missed.frames.map(hintsIn), [[hintOf(3, 51_820)], undefined])
    const lost = world.feed.follow(world.feed.resume({ ...world.position(), hints: digestOf([]) }))
    assert.deepEqual(lost.frames.map(hintsIn), [[1, 2, 3].map((number) => hintOf(number, 51_820)), undefined])
  })

  it('tells who was away that nobody knows where a member is that left and came back', () => {
    const world = newWorld()
    for (const number of [1, 2, 3]) world.toggle(nodeId(number))
    for (const number of [1, 2]) world.feed.hint(hintOf(number, 51_820))
    const { hints } = world.feed.end.told
    const away = { ...world.position(), ...(hints && { hints }) }
    for (let time = 0; time < 2; time++) world.toggle(nodeId(2))
    // Once with the records of before, and once as one that was told the new ones by a release that said no more.
    for (const { digest, revision } of [away, world.position()]) {
      const agent = new Whereabouts(nodeId(9), { isMember: () => true, onNews: () => undefined })
      agent.takeHints({ hints: [1, 2].map((number) => hintOf(number, 51_820)) })
      const { frames } = world.feed.follow(world.feed.resume({ ...away, digest, revision }))
      for (const message of frames) agent.takeHints({ hints: [], ...told(message) })
      assert.equal(agent.digest, digestOf([hintOf(1, 51_820)]))
      assert.equal(agent.digest, world.feed.end.told.hints, 'so it has nothing more to ask for')
    }
  })

  it('tells a session the head of a new epoch when it has everything, and a snapshot when it has not', () => {
    const world = newWorld()
    world.toggle(nodeId(1))
    const behind = world.feed.end
    world.toggle(nodeId(2))
    const upToDate = world.feed.end
    world.raise()
    assert.deepEqual(typesOf(world.feed, upToDate), ['current'])
    assert.deepEqual(typesOf(world.feed, behind), ['snapshot'])
    assert.deepEqual(typesOf(world.feed, world.feed.follow(upToDate).cursor), [])
  })

  it('forgets what is long past, and tells who lies too far behind everything', () => {
    const world = newWorld()
    for (const number of [1, 2, 3]) world.toggle(nodeId(number))
    const start = world.feed.end
    for (let round = 0; round < 9_000; round++) world.feed.hint(hintOf(1 + (round % 3), 1 + round))
    assert.deepEqual(world.feed.follow(start).frames.map(hintsIn), [
      [1, 2, 3].map((number) => hintOf(number, 8_997 + number)),
    ])
    assert.equal(world.feed.follow(start).since, undefined)
    assert.ok(world.feed.remembered <= 128, 'of three members nobody needs more than few')
    world.clock.advance(5)
    for (let round = 0; round < 9_000; round++) world.toggle(nodeId(1 + (round % 3)))
    assert.deepEqual(typesOf(world.feed, start), ['snapshot'])
    assert.equal(world.feed.follow(start).since, 5, 'and how long it was kept waiting is still known')
  })

  it('tells endpoints of members only, as hints without a new revision', () => {
    const world = newWorld()
    world.toggle(nodeId(1))
    const cursor = world.feed.end
    world.feed.hint(hintOf(1, 51_820))
    world.feed.hint(hintOf(8, 51_820))
    const frame = frameOf(world.feed, cursor)
    assert.ok(frame.type === 'hints')
    assert.deepEqual(frame.hints, [hintOf(1, 51_820)])
    assert.equal(world.feed.end.revision, cursor.revision)
  })
})

const NODE: Omit<Node, 'id'> = {
  project: DEFAULT_PROJECT,
  name: 'node',
  publicKey: controllerKey.publicKey,
  sealingKey: toPublicKey(new Uint8Array(32)),
  labels: {},
  roles: [],
  enrolledAt: 0,
}

/** Bytes that a shelf keeps of frames. */
const SHELF = 1_048_576

/** In a function of its own, so that nothing else keeps it. */
function readOnce(): { cursor: Cursor; feed: WeakRef<Feed> } {
  const world = newWorld()
  world.toggle(nodeId(1))
  return { cursor: world.feed.follow(undefined).cursor, feed: new WeakRef(world.feed) }
}

function hintOf(number: number, port: number) {
  return { node: nodeId(number), direct: [`192.0.2.${number}:${port}`] }
}

/** A network whose members come and go by events, with its feed. */
function newWorld() {
  const counts = new Map<string, number>()
  const clock = new HandClock()
  const created: Event = {
    type: 'network-created',
    id,
    project: DEFAULT_PROJECT,
    name: 'demo',
    ipv4: parseCidr('10.1.0.0/16'),
    ipv6: parseCidr('fd00:0:1::/48'),
    nodePrefixLength: 24,
    topology: 'mesh',
    keyCustody: 'controller',
    at: 0,
  }
  let epoch = 1
  let state: State = apply({ ...emptyState, networks: ImmutableMap() }, created)
  const network = (): Network => {
    const found = state.networks.get(id)
    assert.ok(found)
    return found
  }
  const feed = new Feed(network(), {
    signing: controllerKey,
    epoch: () => epoch,
    now: () => clock.monotonic(),
    expiresAt: () => 2_000_000_000,
    count: (what) => counts.set(what, (counts.get(what) ?? 0) + 1),
    members: [],
    record: (latest, node) => {
      const member = latest.members.get(node)
      const record = member && recordOf(latest, member, { ...NODE, id: node })
      return record && encodeRecord(record)
    },
    filter: () => NO_FILTER,
    mostTouches: () => 4_096,
    view: (records, filter) => View.of(records.values(), filter),
  })
  const toggle = (node: NodeId) => {
    const { members, slots } = network()
    const event: Event = members.has(node)
      ? { type: 'member-removed', network: id, node, at: 0 }
      : {
          type: 'member-added',
          network: id,
          node,
          at: 0,
          keyVersion: 1,
          slot: slots.tombstones.get(node)?.slot ?? slots.next,
          publicKey: keyOf(node),
        }
    state = apply(state, event)
    feed.advance(network(), [node])
  }
  const position = () => ({ network: id, epoch, revision: feed.end.revision, digest: feed.digest })
  const raise = () => {
    epoch += 1
    feed.renew()
  }
  return { clock, counts, feed, network, toggle, position, raise }
}

function keyOf(node: NodeId) {
  return toPublicKey(Buffer.alloc(32, node))
}

function frameOf(feed: Feed, cursor: Cursor | undefined) {
  const [message] = feed.follow(cursor).frames
  assert.ok(message)
  return read(message)
}

function typesOf(feed: Feed, cursor: Cursor | undefined): string[] {
  return feed.follow(cursor).frames.map((message) => read(message).type)
}

function read(message: Message) {
  const [packed, text] = [true, false].map((isPacked) => readControllerFrame(message.for(isPacked).bytes))
  assert.deepEqual(packed, text)
  return packed ?? assert.fail()
}

function hintsIn(message: Message) {
  const frame = read(message)
  return frame.type === 'hints' ? frame.hints : undefined
}

/** What a frame says of where members are. */
function told(message: Message) {
  const frame = read(message)
  return frame.type === 'hints' || frame.type === 'delta' ? frame : {}
}

function digestOf(hints: readonly Hint[]): string {
  const set = new HintSet()
  for (const hint of hints) set.put(hint)
  return set.digest()
}

/** An agent's side of the reading: its view after each frame. */
class Reader {
  view = new View()
  revision = 0
  #cursor: Cursor | undefined

  read(feed: Feed): void {
    const { frames, cursor } = feed.follow(this.#cursor)
    this.#cursor = cursor
    for (const message of frames) this.#take(read(message))
  }

  #take(frame: ControllerFrame): void {
    assert.ok(frame.type === 'snapshot' || frame.type === 'delta')
    if (frame.type === 'snapshot') {
      this.view = View.of(frame.records.map((record) => fromBase64Url(record) ?? new Uint8Array()))
      this.revision = openHead(frame, controllerKey.publicKey).revision
      return
    }
    const { head, from, upserts, removals } = openDelta(frame, controllerKey.publicKey)
    assert.equal(from, this.revision)
    this.view.changeTo(head.digest, upserts, removals)
    this.revision = head.revision
  }
}
