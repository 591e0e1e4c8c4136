import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { Bounds } from '../../../src/controller/push/bounds.ts'
import { Hearing } from '../../../src/controller/push/hearing.ts'
import { HandClock } from '../../agent/clock.ts'
import { nodeId } from '../../model/history.ts'

/** As many as a node may have. */
const NETWORKS = 1_000

function hearingAt(
  clock: HandClock,
  bounds = new Bounds(clock),
  rest: () => void = () => undefined,
): Hearing {
  const nothing = () => undefined
  const socket = { rest, insist: nothing, cutOff: nothing }
  return new Hearing(nodeId(1), socket, { clock, bounds, log: pino({ level: 'silent' }) })
}

describe('An agent of a thousand networks', () => {
  it('that is taken out of all of them has each of its proofs taken once, at 200 seconds the last', () => {
    const clock = new HandClock()
    const { showing } = hearingAt(clock)
    const shown: number[] = []
    const show = (at: number) =>
      showing.ask(`net-${at} head`, () => void shown.push(at), { kept: 300, instead: () => show(at) })
    // It shows the same again where it was asked again.
    for (let at = 0; at < NETWORKS; at++) show(at)
    for (let at = 100; at < NETWORKS; at++) show(at)
    assert.equal(shown.length, 100)
    for (let second = 0; second < 200; second++) clock.advance(1_000)
    assert.deepEqual(
      shown,
      Array.from({ length: NETWORKS }, (_, at) => at),
    )
  })

  it('has each of its proofs taken in the end, also where they are too long for all of them to be kept till then', () => {
    const clock = new HandClock()
    const { showing } = hearingAt(clock)
    const shown = new Set<number>()
    const show = (at: number) =>
      showing.ask(`net-${at} delta`, () => void shown.add(at), { kept: 40_000, instead: () => show(at) })
    for (let at = 0; at < NETWORKS; at++) show(at)
    for (let second = 0; second < 1_000 && shown.size < NETWORKS; second++) clock.advance(1_000)
    assert.equal(shown.size, NETWORKS)
  })

  it('has all the keys taken at once that it is asked for, and as many a second time later', () => {
    const clock = new HandClock()
    const bounds = new Bounds(clock)
    let taken = 0
    const offer = () => {
      const { offering } = hearingAt(clock, bounds)
      for (let at = 0; at < NETWORKS; at++) offering.ask(`net-${at}`, () => void taken++)
    }
    offer()
    assert.equal(taken, NETWORKS)
    offer()
    assert.equal(taken, NETWORKS, 'another session does not make it more')
    for (let second = 0; second < 200; second++) clock.advance(1_000)
    assert.equal(taken, 2 * NETWORKS)
  })
})

it('Of an agent that says much in few frames no more is read than of one that says it in many', () => {
  const clock = new HandClock()
  const readIn = (seconds: number, bytes: number) => {
    let [frames, isResting] = [0, false]
    const hearing = hearingAt(clock, new Bounds(clock), () => {
      isResting = true
    })
    for (let second = 0; second < seconds; second++, clock.advance(1_000)) {
      for (isResting = false; !isResting; frames++) hearing.heard(bytes)
    }
    return frames
  }
  assert.equal(readIn(1, 200), 5_001)
  assert.equal(readIn(61, 200), 5_000 + 60 * 500 + 61)
  const long = readIn(61, 62_000) * 62_000
  assert.ok(long < 160_000_000, `${long} bytes, where it was 2 GB`)
  const peers = readIn(1, 48_000) * 300
  assert.ok(peers > 50_000, `${peers} peers may be reported at once`)
})
