import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Asking } from '../../../src/controller/push/asking.ts'
import { HandClock } from '../../agent/clock.ts'

describe('What an agent asks for', () => {
  it('is answered at once for a hundred of its networks, and then for a few each second, until all are', () => {
    const clock = new HandClock()
    const asking = new Asking(clock)
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
    const asking = new Asking(clock)
    const answered: number[] = []
    for (let at = 0; at < 5_000; at++) asking.ask('net-1', () => void answered.push(at))
    clock.advance(1_000)
    assert.deepEqual(answered.slice(100), [4_999])
    clock.advance(600_000)
    assert.equal(answered.length, 101)
  })

  it('is forgotten beyond a thousand subjects', () => {
    const clock = new HandClock()
    const asking = new Asking(clock)
    let answered = 0
    for (let at = 0; at < 9_000; at++) asking.ask(`net-${at}`, () => void answered++)
    for (let second = 0; second < 1_000; second++) clock.advance(1_000)
    assert.equal(answered, 1_100)
  })
})
