import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { continuesNotes, LogMark } from '../../../src/controller/ledger/continuity.ts'
import { openSqliteLog } from '../../../src/log/sqlite.ts'
import { HandClock } from '../../agent/clock.ts'
import { appendAll, scratch } from '../../log/fixture.ts'

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

  it('tells an older log, and another one of the same length, from the one that went on', async () => {
    await using dir = await scratch()
    await using log = await openSqliteLog(dir.log)
    const [, second] = await appendAll(log, 1, 5)
    assert.ok(second)
    const { hash } = second.entry
    const holds = (...notes: string[]) =>
      continuesNotes(log, { all: () => notes.map((note) => ['head', note] as const) })
    assert.equal(await holds(), true, 'nothing was noted')
    assert.equal(await holds(`2 ${hash}`), true)
    assert.equal(await holds(`2 ${'a'.repeat(64)}`), false)
    assert.equal(await holds(`6 ${hash}`), false)
  })
})
