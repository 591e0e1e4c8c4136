import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { wholeLanDigest } from '../../src/protocol/lans.ts'
import { eventually } from '../rig.ts'
import { Crowd, framesOf, type Listener, newIdentity, say } from './crowd.ts'

/** All in one hall, which is the most usual network there is. */
const addressOf = (at: number) => `10.0.${at >> 7}.${(at & 127) + 1}/16`
const NEWCOMER = 4_000
const MOVED = 40_000

describe('A change on one LAN', () => {
  it('costs each of its members the same few bytes, and the controller the same work, however many there are', async () => {
    const [few, many] = [await costsAt(30), await costsAt(120)]
    for (const what of ['join', 'move'] as const) {
      assert.deepEqual(few[what].each, many[what].each, what)
      assert.deepEqual(few[what].work, many[what].work, what)
    }
    assert.deepEqual(many.move.work, { encodings: 1, signatures: 0 })
    // Of a join: the record, where it is for all, and where it is on the LAN.
    assert.ok(many.join.each.lan < 200 && many.move.each.lan < 200)
  })

  it('is told as a whole to an agent of a release before there were parts, and it is known again', async () => {
    await using crowd = await Crowd.gather(5, addressOf)
    const secret = await crowd.token(1)
    const identity = newIdentity()
    const join = { secret, name: 'older' }
    const older = await crowd.connect(identity, {
      networks: [],
      join,
      lanParts: false,
      address: addressOf(9),
    })
    await crowd.addAll()
    await eventually('it knows its LAN', () => lanOf(older).at(-1)?.hints.length === 5)
    const [first] = crowd.listeners
    assert.ok(first)
    say(first, crowd.facts(MOVED, addressOf(0)))
    const isTold = (listener: Listener) => () =>
      lanOf(listener).some(({ hints }) => hints.some(({ endpoints }) => endpoints[0]?.endsWith(`:${MOVED}`)))
    for (const listener of [older, ...crowd.listeners.slice(1)])
      await eventually('all are told', isTold(listener))
    assert.ok(
      lanOf(older).every(({ hints, part }) => !part && hints.every(({ node }) => node !== identity.id)),
    )
    assert.equal(lanOf(older).at(-1)?.hints.length, 5)
    for (const listener of crowd.listeners.slice(1, 5)) {
      assert.equal(lanOf(listener).at(-1)?.part, true)
      assert.equal(lanOf(listener).at(-1)?.hints.length, 1)
    }
    const lan = wholeLanDigest(lanOf(older).at(-1) ?? assert.fail())
    assert.ok(lan)
    const { id: network, revision } = crowd.network
    const networks = [{ network, epoch: crowd.controller.state.epoch, revision, lan }]
    older.line.cut()
    const again = await crowd.connect(identity, { networks, lanParts: false, address: addressOf(9) })
    await eventually('it is told the rest', () => framesOf(again).some(({ type }) => type === 'snapshot'))
    await quiet(crowd)
    assert.deepEqual(lanOf(again), [])
  })
})

async function costsAt(size: number) {
  await using crowd = await Crowd.gather(size, addressOf)
  await quiet(crowd)
  const others = [...crowd.listeners]
  const join = await costOf(crowd, others, async () => {
    const secret = await crowd.token(1)
    const join = { secret, name: 'late' }
    await crowd.connect(newIdentity(), { networks: [], join, address: addressOf(NEWCOMER) })
    await crowd.addAll()
  })
  const [first] = others
  assert.ok(first)
  const move = await costOf(crowd, others.slice(1), async () => say(first, crowd.facts(MOVED, addressOf(0))))
  return { join, move }
}

/** What each of these was sent because of it, all the same, and what the controller did for it. */
async function costOf(crowd: Crowd, listeners: readonly Listener[], act: () => Promise<unknown>) {
  for (const { received } of crowd.listeners) received.splice(0)
  const before = await crowd.counts()
  await act()
  await quiet(crowd)
  const { encodings, signatures } = await crowd.counts()
  const each = listeners.map((listener) => ({
    bytes: listener.received.reduce((sum, { length }) => sum + length, 0),
    frames: listener.received.length,
    lan: lanBytes(listener),
  }))
  const [one] = each
  assert.ok(one && one.lan > 0)
  for (const other of each) assert.deepEqual(other, one)
  return {
    each: one,
    work: { encodings: encodings - before.encodings, signatures: signatures - before.signatures },
  }
}

function lanOf(listener: Listener) {
  return framesOf(listener).filter((frame) => frame.type === 'lan')
}

function lanBytes(listener: Listener): number {
  return lanOf(listener).reduce((sum, frame) => sum + JSON.stringify(frame).length, 0)
}

/** Waits until nothing is sent any more. */
async function quiet(crowd: Crowd): Promise<void> {
  let [last, same] = [Number.NaN, 0]
  await eventually('nothing is sent any more', async () => {
    const { frames } = await crowd.counts()
    same = frames === last ? same + 1 : 0
    last = frames
    return same > 20
  })
}
