import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { Asking } from '../../../src/controller/push/asking.ts'
import { Bounds } from '../../../src/controller/push/bounds.ts'
import { HandClock } from '../../agent/clock.ts'
import { nodeId } from '../../model/history.ts'

const failures: string[] = []
const log = pino({ level: 'error' }, { write: (line: string) => void failures.push(line) })

describe('What an agent asks for', () => {
  it('is answered at once for a hundred of its networks, and then for a few each second, until all are', () => {
    const clock = new HandClock()
    const asking = new Asking(nodeId(1), new Bounds(clock).requests, { clock, log })
    const answered: number[] = []
    for (let at = 0; at < 120; at++) asking.ask(`net-${at}`, () => void answered.push(at))
    assert.equal(answered.length, 100)
    clock.advance(1_000)
    assert.equal(answered.length, 105)
    for (let second = 0; second < 10; second++) clock.advance(1_000)
    assert.deepEqual(
      answered,
      Array.from({ length: 120 }, (_, at) => at),
    )
  })

  it('is answered once a turn however often it asks, and by what it asked last', () => {
    const clock = new HandClock()
    const asking = new Asking(nodeId(1), new Bounds(clock).requests, { clock, log })
    const answered: number[] = []
    for (let at = 0; at < 5_000; at++) asking.ask('net-1', () => void answered.push(at))
    clock.advance(1_000)
    assert.deepEqual(answered.slice(100), [4_999])
    clock.advance(600_000)
    assert.equal(answered.length, 101)
  })

  it('is forgotten beyond a thousand subjects', () => {
    const clock = new HandClock()
    const asking = new Asking(nodeId(1), new Bounds(clock).requests, { clock, log })
    let answered = 0
    for (let at = 0; at < 9_000; at++) asking.ask(`net-${at}`, () => void answered++)
    for (let second = 0; second < 1_000; second++) clock.advance(1_000)
    assert.equal(answered, 1_100)
  })
  it('is asked for again beyond a few megabytes of what it said, and not what came before that or is shorter', () => {
    const clock = new HandClock()
    const asking = new Asking(nodeId(1), new Bounds(clock).requests, { clock, log })
    const answered: string[] = []
    let askedAgain = 0
    const ask = (subject: string, kept: number) =>
      asking.ask(subject, () => void answered.push(subject), { kept, instead: () => askedAgain++ })
    for (let at = 0; at < 100; at++) ask('before', 0)
    for (let at = 0; at < 900; at++) ask(`long-${at}`, 60_000)
    for (let at = 0; at < 10; at++) ask(`again-${at}`, 0)
    for (let second = 0; second < 300; second++) clock.advance(1_000)
    assert.equal(answered.filter((subject) => subject.startsWith('long')).length, 66)
    assert.equal(askedAgain, 900 - 66)
    assert.equal(answered.filter((subject) => subject.startsWith('again')).length, 10)
    ask('long-after', 60_000)
    assert.equal(answered.at(-1), 'long-after', 'it counts as long as it is kept')
  })
  it('is answered in its turn though the answer to another fails then, which the log tells', () => {
    const clock = new HandClock()
    const asking = new Asking(nodeId(1), new Bounds(clock).requests, { clock, log })
    const answered: number[] = []
    const answer = (at: number) => {
      if (at === 101) throw new Error('there is no such thing')
      answered.push(at)
    }
    for (let at = 0; at < 110; at++) asking.ask(`net-${at}`, () => answer(at))
    failures.length = 0
    for (let second = 0; second < 3; second++) clock.advance(1_000)
    assert.deepEqual(answered.slice(100), [100, 102, 103, 104, 105, 106, 107, 108, 109])
    assert.equal(failures.length, 1)
    assert.match(failures[0] ?? '', /there is no such thing.*net-101/)
  })
})
