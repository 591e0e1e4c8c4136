import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LogMark } from '../../../src/controller/ledger/continuity.ts'
import { HandClock } from '../../agent/clock.ts'

/** A log that grows by one entry each time, and what was noted of its end. */
function world() {
  const clock = new HandClock()
  const notes: string[] = []
  let sequence = 0
  const log = { head: () => ({ sequence, hash: `hash-${sequence}` }) }
  const mark = new LogMark({ put: (_topic, _about, text) => void notes.push(text) }, log, clock)
  const grow = () => {
    sequence++
    mark.onEntry()
  }
  return { clock, notes, grow, mark }
}

describe('The note of where the log ends', () => {
  it('says the last entry of a burst within a second, also when nothing comes after it', () => {
    const { clock, notes, grow } = world()
    for (let at = 0; at < 9; at++) grow()
    assert.deepEqual(notes, ['1 hash-1'])
    clock.advance(1_000)
    assert.deepEqual(notes, ['1 hash-1', '9 hash-9'])
    clock.advance(60_000)
    assert.equal(notes.length, 2, 'a log that stands still is noted once')
  })

  it('is written once a second at most while the log grows', () => {
    const { clock, notes, grow } = world()
    for (let at = 0; at < 50; at++) {
      grow()
      clock.advance(100)
    }
    assert.ok(notes.length >= 5 && notes.length <= 6, `${notes.length} notes in five seconds`)
  })

  it('says the end at the end, and nothing after it', () => {
    const { clock, notes, grow, mark } = world()
    grow()
    grow()
    mark[Symbol.dispose]()
    clock.advance(5_000)
    assert.deepEqual(notes, ['1 hash-1', '2 hash-2'])
  })
})
