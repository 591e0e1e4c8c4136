import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { toNodeReport } from '../../../src/controller/presence/facts.ts'
import type { Cursor } from '../../../src/controller/push/cursor.ts'
import { Pasts } from '../../../src/controller/push/pasts.ts'
import type { Rule } from '../../../src/model/policy.ts'
import { SetDigest } from '../../../src/protocol/digest.ts'
import { type Hint, parseControllerFrame } from '../../../src/protocol/frames.ts'
import { Regime } from '../../../src/topology/policy/regime.ts'
import { networkId, nodeId } from '../../model/history.ts'
import { labelled, NETWORK, permitted } from '../../topology/policy/play.ts'
import { FeedWorld } from './feed-world.ts'
import type { Reader } from './reader.ts'

const A_A: Rule = { from: 'c=a', to: 'c=a' }
const D_X: Rule = { from: 'd=a', to: 'x=1' }
const E_Y: Rule = { from: 'e=a', to: 'y=1' }
const [X, Y] = [101, 102]

describe('The feed of a class', () => {
  it('goes on over several policies from the one that its members were told of, and tells what they changed', () => {
    const world = new FeedWorld()
    const readers = gather(world, 40)
    for (const rules of [
      [A_A, D_X],
      [A_A, D_X, E_Y],
    ])
      world.wish(permitted(...rules))
    const before = { ...world.counts }
    for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
    for (const reader of readers.values()) assert.deepEqual(reader.types, ['snapshot', 'delta'])
    assert.equal(world.counts.encodings - before.encodings, 1)
    assert.deepEqual(readers.get(1)?.picture, world.picture(nodeId(1)))
  })

  it('remembers little of one who moves again and again however many classes there are, and of each what comes at once', () => {
    const [count, most] = [300, 256]
    const world = everyOne(count)
    const feeds = Array.from({ length: count }, (_, at) => world.feed(nodeId(at + 1)))
    const remembered = () => feeds.reduce((sum, feed) => sum + feed.remembered, 0)
    assert.equal(new Set(feeds).size, count)
    const [first = assert.fail()] = feeds
    const behind = first.end
    const told = (from: Cursor) => {
      const [message = assert.fail()] = first.follow(from).frames
      const frame = parseControllerFrame(message.for(false).bytes.toString())
      assert.ok(frame.type === 'hints' && frame.hints[0]?.direct[0]?.endsWith(':560'))
      return frame
    }
    let lately = behind
    for (let port = 1; port <= 560; port++) {
      report(world, 1, port)
      if (port === 560 - most) lately = first.end
      if (port % 10 === 9) assert.ok(remembered() <= 2 * most * count, `${remembered()} are remembered`)
    }
    assert.ok(told(behind).whole)
    assert.ok(!told(lately).whole)
  })

  it('tells no record anew for a rule that says only by whom its members may be opened, with selectors that are new', () => {
    for (const size of [40, 80]) {
      const world = new FeedWorld()
      const readers = gather(world, size)
      const limits = { protocols: ['tcp' as const] }
      world.wish(permitted({ ...A_A, ...limits }))
      for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
      const told = readers.get(1)?.bytes ?? 0
      world.wish(permitted({ ...A_A, ...limits }, { from: 'x=1', to: 'd=a', ...limits }))
      for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
      const [reader = assert.fail()] = [readers.get(1)]
      assert.equal(reader.types.at(-1), 'delta')
      assert.ok(reader.bytes - told < 500, `${reader.bytes - told} bytes to each of ${size}`)
      assert.deepEqual(reader.picture, world.picture(nodeId(1)))
    }
  })

  it('tells no record anew for rules that say what all may open, the first ones of a network among them', () => {
    for (const size of [40, 80]) {
      const world = new FeedWorld()
      const readers = gather(world, size)
      world.wish(permitted())
      world.wish(permitted({ from: '*', to: '*' }))
      for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
      const told = readers.get(1)?.bytes ?? 0
      const rules = ['c=a', 'x=1', 'y=1'].map((to) => ({ from: '*', to, protocols: ['tcp' as const] }))
      world.wish(permitted({ from: '*', to: '*', protocols: ['icmp'] }, ...rules))
      for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
      const [reader = assert.fail()] = [readers.get(1)]
      assert.equal(reader.types.at(-1), 'delta')
      assert.ok(reader.bytes - told < 500, `${reader.bytes - told} bytes to each of ${size}`)
      assert.deepEqual(reader.picture, world.picture(nodeId(1)))
    }
  })

  it('hashes records that are others for all classes once, however many classes see them', () => {
    const [few, many] = [5, 10].map((classes) => {
      const world = new FeedWorld()
      const numbers = Array.from({ length: 40 }, (_, at) => at)
      world.come(...numbers)
      world.wish(...numbers.map((at) => labelled(at, { all: 'yes', of: `${at % classes}` })))
      const limits = { protocols: ['tcp' as const] }
      const rules = numbers.slice(0, classes).map((of) => ({ from: `of=${of}`, to: `of=${of}`, ...limits }))
      world.wish(permitted({ from: '*', to: '*' }, ...rules))
      const readers = numbers.map((at) => ({ at, reader: world.newReader() }))
      for (const { at, reader } of readers) reader.read(world.feed(nodeId(at)))
      const hashes = callsOf(mock.method(SetDigest.prototype, 'add'), () => {
        world.wish(permitted({ from: 'all=yes', to: 'all=yes', ...limits }, ...rules))
        for (const { at } of readers) world.feed(nodeId(at))
      })
      for (const { at, reader } of readers) reader.read(world.feed(nodeId(at)))
      for (const { at, reader } of readers) assert.deepEqual(reader.picture, world.picture(nodeId(at)))
      return hashes
    })
    assert.ok(few !== undefined && many !== undefined && few >= 40 && many < few + 10, `${few} and ${many}`)
  })

  it('tells of a class more what is let in from that, to agents that read this, and to others the whole filter', () => {
    for (const size of [40, 80]) {
      const world = new FeedWorld()
      const numbers = Array.from({ length: size }, (_, at) => at + 1)
      world.come(...numbers, X)
      const limits = { protocols: ['tcp' as const] }
      const own = [...numbers, X].map((at) => ({ from: `of=${at}`, to: `of=${at}` }))
      world.wish(permitted({ from: 'all=yes', to: 'all=yes', ...limits }, ...own))
      world.wish(...numbers.map((at) => labelled(at, { all: 'yes', of: `${at}` })))
      const readers = [true, false].map((readsParts) => world.newReader(readsParts))
      for (const reader of readers) reader.read(world.feed(nodeId(1)))
      const told = readers.map(({ bytes }) => bytes)
      world.wish(labelled(X, { all: 'yes', of: `${X}` }))
      for (const reader of readers) reader.read(world.feed(nodeId(1)))
      const [part = 0, whole = 0] = readers.map(({ bytes }, at) => bytes - (told[at] ?? 0))
      assert.ok(part < 400 && whole > part + 7 * size, `${part} and ${whole} bytes to each of ${size}`)
      world.wish(labelled(X, {}), labelled(2, { all: 'yes' }))
      for (const reader of readers) reader.read(world.feed(nodeId(1)))
      for (const reader of readers) assert.deepEqual(reader.picture, world.picture(nodeId(1)))
      assert.deepEqual(
        readers.map(({ parts }) => parts),
        [2, 0],
      )
    }
  })

  it('begins after a restart with what its members were told, and tells what they missed, once for all of them', () => {
    for (const size of [40, 80]) {
      const world = new FeedWorld()
      const readers = gather(world, size)
      const limits = { protocols: ['tcp' as const] }
      world.wish(permitted({ ...A_A, ...limits }, D_X))
      for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
      const told = [...readers.values()].map(({ bytes }) => bytes)
      // One comes to them, and one to another class that they see; what happens among others changes only the revision.
      world.come(201, 202, 203)
      world.wish(labelled(201, { c: 'a', d: 'a' }))
      world.wish(labelled(202, { x: '1' }))
      world.wish(labelled(203, { y: '1' }))
      world.restart()
      const before = { ...world.counts }
      for (const [number, reader] of readers) reader.resume(world.feed(nodeId(number)))
      for (const [at, [number, reader]] of [...readers].entries()) {
        assert.deepEqual(reader.types.slice(-2), ['delta', 'hints'])
        assert.deepEqual(reader.picture, world.picture(nodeId(number)))
        const bytes = reader.bytes - (told[at] ?? 0)
        assert.ok(bytes < 500, `${bytes} bytes for each of ${size}`)
      }
      assert.equal(world.counts.signatures - before.signatures, 1)
    }
  })

  it('in which nobody listens for a while does not tell where one was who has left and is back, until that is known', () => {
    const world = new FeedWorld()
    gather(world, 2)
    report(world, 2, 51_820)
    assert.equal(hintsFor(world, 1).length, 1)
    // Nobody listens from here on.
    world.wish(permitted(A_A, D_X))
    world.wish({ kind: 'go', number: 2 })
    report(world, 2)
    world.come(2)
    assert.deepEqual(hintsFor(world, 1), [])
    report(world, 2, 51_821)
    assert.deepEqual(
      hintsFor(world, 1).map(({ node }) => node),
      [nodeId(2)],
    )
  })

  it('that a label makes has no past, and none is worked out to see that', () => {
    const [few, many] = [30, 60].map((size) => {
      const owners = Array.from({ length: size }, (_, at) => `owner=o${at}`)
      const world = listened(owners.map((owner) => ({ from: owner, to: owner })))
      return callsOf(mock.method(Regime.prototype, 'classOf'), () => labelEach(world, owners))
    })
    assert.ok(few !== undefined && many !== undefined && few >= 30 && many < few * 3, `${few} and ${many}`)
  })

  it('costs each class that sees it one look at the policy', () => {
    const [few, many] = [30, 60].map((size) => {
      const services = Array.from({ length: size }, (_, at) => `svc=s${at}`)
      const limits = { protocols: ['tcp' as const] }
      const world = listened(services.map((to) => ({ from: '*', to, ...limits })))
      labelEach(world, services.slice(1))
      return callsOf(mock.method(Regime.prototype, 'opens'), () => labelEach(world, services.slice(0, 1)))
    })
    assert.ok(few !== undefined && many !== undefined && few >= 2 && many < few * 3, `${few} and ${many}`)
  })

  it('is sought in each entry once at the start, however many networks there are', () => {
    const world = new FeedWorld()
    const [entry, state] = [{ sequence: 1, hash: '', operation: '', at: 0, actor: 'test' }, world.state]
    let looks = 0
    const counted = {
      ...entry,
      get events() {
        looks += 1
        return []
      },
    }
    const pasts = new Pasts([{ before: state, after: state, entry: counted }])
    for (let number = 0; number < 9; number++)
      pasts.of({ ...world.network, id: networkId(number) }, state.epoch)
    assert.equal(looks, 1)
  })
})

/** Where a member says that it is; undefined: it says nothing of that. */
/** So many members, of a class each, that see each other. */
function everyOne(count: number): FeedWorld {
  const world = new FeedWorld()
  const all = Array.from({ length: count }, (_, at) => at + 1)
  world.come(...all)
  for (const number of all) world.wish(labelled(number, { svc: `${number}` }))
  const ports = [{ first: 80, last: 80 }]
  world.wish(permitted(...all.map((number) => ({ from: `svc=${number}`, to: '*', ports }))))
  for (const number of all) assert.equal(world.feed(nodeId(number)).size, count)
  return world
}

function report(world: FeedWorld, number: number, port?: number): void {
  const ports = port === undefined ? [] : [{ network: NETWORK, port }]
  const facts = { addresses: ['192.0.2.7/24'], mtu: 1_500, ports, device: 'memory' as const, version: '1' }
  world.presence.arrived(nodeId(number), 0, toNodeReport(facts, undefined))
  world.feeds.onFacts(nodeId(number))
}

/** What is told of where members are to one who has nothing. */
function hintsFor(world: FeedWorld, number: number): readonly Hint[] {
  const [message = assert.fail()] = world.feed(nodeId(number)).follow(undefined).frames
  const frame = parseControllerFrame(message.for(false).bytes.toString())
  assert.ok(frame.type === 'snapshot')
  return frame.hints
}

/** A world of so many members as there are rules, all of which listen. */
function listened(rules: readonly Rule[]): FeedWorld {
  const world = new FeedWorld()
  world.come(...rules.map((_, at) => at))
  world.wish(permitted(...rules))
  for (const at of rules.keys()) world.feed(nodeId(at))
  return world
}

/** One label after the other, and each member listens again at once. */
function labelEach(world: FeedWorld, labels: readonly string[]): void {
  for (const [at, text] of labels.entries()) {
    const [label = '', value = ''] = text.split('=')
    world.wish(labelled(at, { [label]: value }))
    world.feed(nodeId(at))
  }
}

/** How many times that is called in the meantime. */
function callsOf(
  { mock: calls }: { mock: { callCount(): number; restore(): void } },
  run: () => void,
): number {
  try {
    run()
    return calls.callCount()
  } finally {
    calls.restore()
  }
}

/** So many members with all labels that there are, two that they may come to see, and what each reads. */
function gather(world: FeedWorld, size: number): Map<number, Reader> {
  const numbers = Array.from({ length: size }, (_, at) => at + 1)
  world.come(...numbers, X, Y)
  world.wish(permitted(A_A))
  world.wish(...numbers.map((number) => labelled(number, { c: 'a', d: 'a', e: 'a' })))
  world.wish(labelled(X, { x: '1' }), labelled(Y, { y: '1' }))
  const readers = new Map(numbers.map((number) => [number, world.newReader()]))
  for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
  return readers
}
